/**
 * Lines of HTTP, set so that the line that matters stands out.
 * @module
 */
import { element } from './dom.ts'
import { maskSecrets } from './masks.ts'

const startLine = /^(?:[A-Z]+ \/|HTTP\/|\d{3} )/
const header = /^([A-Za-z-]+:)(.*)$/

/** The lines as elements: start line strong, names of headers quiet, secrets masked whoever sent them. */
export function transcriptLines(lines: readonly string[]): HTMLElement[] {
  return withoutBlankEnd(lines).map(maskSecrets).map(drawLine)
}

/** A block of lines under a heading. The decisive ones are marked. */
export function createTranscript(heading: string, lines: readonly string[], decisive?: RegExp): HTMLElement {
  const drawn = transcriptLines(lines)
  for (const line of drawn) if (decisive?.test(line.textContent ?? '')) line.classList.add('is-decisive')
  return element(
    'figure',
    { class: 'wire' },
    element('figcaption', {}, heading),
    element('pre', { class: 'transcript' }, ...drawn),
  )
}

function drawLine(line: string): HTMLElement {
  if (startLine.test(line)) return element('span', { class: 'line start-line' }, `${line}\n`)
  if (line.startsWith('{')) return element('span', { class: 'line' }, ...breakable(line), '\n')
  const [, name, value] = header.exec(line) ?? []
  if (name === undefined || value === undefined) return element('span', { class: 'line' }, `${line}\n`)
  return element('span', { class: 'line' }, element('span', { class: 'header-name' }, name), `${value}\n`)
}

/** JSON that may be broken after its commas, and is not changed by it. */
function breakable(line: string): (string | HTMLElement)[] {
  return line.split(/(?<=,)/).flatMap((part) => [part, element('wbr')])
}

function withoutBlankEnd(lines: readonly string[]): readonly string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '')
  return lines.slice(0, end + 1)
}
