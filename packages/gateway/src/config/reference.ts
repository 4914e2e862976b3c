/**
 * The table of options as people read it: in `--help`, and in the documentation.
 * @module
 */
import type { Option, Reading } from './option.ts'
import { options, variableOf } from './options.ts'

const rows: readonly Option<unknown>[] = Object.values(options)
const columns = 100
const indent = '      '

/** The options for a terminal, by group. */
export function optionsHelp(): string {
  const groups = [...new Set(rows.map(({ group }) => group))]
  return groups
    .map(
      (group) =>
        `${group}\n${rows
          .filter((row) => row.group === group)
          .map(helpOf)
          .join('')}`,
    )
    .join('\n')
}

/** The options as tables in Markdown, by group. */
export function optionsMarkdown(): string {
  const head = '| flag | environment | default | |\n|---|---|---|---|\n'
  const groups = [...new Set(rows.map(({ group }) => group))]
  const tables = groups.map((group) => {
    const lines = rows.filter((row) => row.group === group).map(markdownRowOf)
    return `### ${group}\n\n${head}${lines.join('')}`
  })
  return tables.join('\n')
}

function helpOf({ flag, placeholder, help, reading }: Option<unknown>): string {
  const sentence = `${help} ${noteOf(reading)} [${variableOf(flag)}]`
  return `  --${flag} <${placeholder}>\n${wrap(sentence)}\n`
}

function noteOf(reading: Reading<unknown>): string {
  const given = withoutIt(reading)
  if (reading.kind === 'list') return given === 'none' ? 'May be repeated.' : `May be repeated. Default ${given}.`
  return reading.kind === 'required' ? 'Required.' : `Default ${given}.`
}

/** What holds where the option is not given. */
function withoutIt(reading: Reading<unknown>): string {
  if (reading.kind === 'required') return 'required'
  if (reading.kind === 'nullable') return reading.without
  if (reading.kind === 'optional') return reading.fallback
  return reading.fallback.length === 0 ? 'none' : reading.fallback.join(', ')
}

function markdownRowOf({ flag, help, reading }: Option<unknown>): string {
  const many = reading.kind === 'list' ? ' May be repeated; separated by commas in the environment.' : ''
  return `| \`--${flag}\` | \`${variableOf(flag)}\` | ${withoutIt(reading)} | ${help}${many} |\n`
}

function wrap(text: string): string {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line.length > indent.length && line.length + word.length > columns) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += `${word} `
  }
  return [...lines, line.trimEnd()].join('\n')
}
