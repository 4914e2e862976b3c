/**
 * The generated parts of docs/clients.md: what the matrix of clients/ saw when it was last written, and the recipes that it ran.
 * @module
 */
import { readFileSync } from 'node:fs'

const clients = new URL('../clients/', import.meta.url)
const read = (path) => readFileSync(new URL(path, clients), 'utf8')

/** @returns {Record<string, string>} by the names of the parts */
export function clientsParts() {
  const rows = Object.entries(JSON.parse(read('results.json')))
  return {
    matrix: ['', ...matrix(rows), ''].join('\n'),
    recipes: `\n${rows.map(recipe).join('\n')}`,
  }
}

function matrix(rows) {
  const lines = rows.map(([name, { version, injection, steps }]) => {
    return `| [\`${name}\`](#${anchor(name)}) | ${[version, injection, ...Object.values(steps)].join(' | ')} |`
  })
  return [
    '| client | version | where the class goes | connects | starts late | comes back | outlives a failure | stops | goes on |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ]
}

function recipe([name, { notes }]) {
  const path = `recipes/${name.replace('@', '').replace('/', '-')}.ts`
  const text = notes.map((note) => `${note}\n`)
  return [`### ${name}`, '', ...text, `\`\`\`ts\n${read(path).trim()}\n\`\`\``, ''].join('\n')
}

/** Of a heading, as GitHub makes it. */
function anchor(heading) {
  return heading.toLowerCase().replace(/[^a-z0-9 -]/g, '')
}
