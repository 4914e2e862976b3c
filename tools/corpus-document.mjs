/**
 * The document of the corpus: its counts are those of the data. Needs a build.
 * @module
 */

const note = `*Admitted* are the good cases in each class, without which a server that refuses everything would pass: they have to be admitted,
accepted, kept, carried, tunnelled, echoed or logged as they are. *Refused* is everything else, in \`log-texts\` what is escaped or
hidden. *Crashes* are uncaught exceptions and unhandled rejections.`

const invariants = `## What holds for every case

- The verdict as it is written, and the same through the adapters \`node\` and \`ws\` and through the gateway. A refusal of the library's own
  is compared byte for byte with [refusal-answers.ts](../../corpus/src/refusal-answers.ts).
- Refused before the store is asked: the ticket of the case is still good. Admitted: it is spent, and one WebSocket has reached the
  application. Spent and refused is only what comes to another address than the ticket.
- No ticket in any answer, in any line of the audit, or in anything that the application or the upstream gets to see.
- No uncaught exception, no unhandled rejection; afterwards the server still serves.
- A class that is played on a server leaves at most 16 MiB behind, heap and buffers together, when all that can be collected has been
  ([watch.ts](../../corpus/src/watch.ts)).

What is drawn is drawn from a seed that stands in the source. Where the HTTP parser may find a fault before the library does, the
verdict is \`rejected\`: 4xx, or the end of the connection.

## The parsers besides

\`npm run fuzz -- --seconds 600\` throws random inputs at every parser, states the executions of each, and prints the seed with which a
failure is played again (\`--seed\`). The test command does so for ten seconds; the properties
([parser-properties.ts](../../corpus/src/parser-properties.ts)) are those of the unit tests.`

/** What docs/security/corpus.md must be. */
export async function corpusDocument() {
  const { classes } = await import('../corpus/dist/classes.js')
  const total = classes.reduce((sum, { cases }) => sum + cases.length, 0)
  return `<!-- Written by npm run docs from corpus/src/classes. -->
# The corpus of hostile inputs

${total} inputs, checked in as data: each with its bytes, or its value, and the verdict that it gets. The tests play all of them; an
input that gets another verdict, on any of the servers, fails them. The counts here are those of the data.

${countTable(classes)}

${note}

${contentTable(classes)}

${invariants}
`
}

function countTable(classes) {
  const counts = classes.map(({ name, cases, good }) => {
    const admitted = cases.filter(({ verdict }) => good.includes(verdict)).length
    return [`[${name}](../../corpus/src/classes/${name}.ts)`, cases.length, admitted, cases.length - admitted, 0]
  })
  const sums = [1, 2, 3, 4].map((column) => `**${counts.reduce((sum, cells) => sum + cells[column], 0)}**`)
  return table(['class', 'cases', 'admitted', 'refused', 'crashes'], [...counts, ['**all**', ...sums]])
}

function contentTable(classes) {
  const rows = classes.map(({ name, contents, playedOn }) => [`\`${name}\``, contents, playedOn])
  return table(['class', 'what is in it', 'played on'], rows)
}

function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines.join('\n')
}
