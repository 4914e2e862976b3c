/**
 * Header lines as they stand on the wire: in order, spelled as they were, repeated ones apart.
 * @module
 */

/** A header line: its name as it was spelled, and its value. */
export type HeaderLine = readonly [name: string, value: string]

/** The lines of `rawHeaders` (names and values in turn). */
export function headerLines(rawHeaders: readonly string[]): HeaderLine[] {
  const lines: HeaderLine[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    lines.push([rawHeaders[at] as string, rawHeaders[at + 1] as string])
  return lines
}

/** The members of a list header over all its lines, in lower case. */
export function membersOf(lines: readonly HeaderLine[], name: string): string[] {
  return valuesOf(lines, name)
    .flatMap((value) => value.split(','))
    .map((member) => member.trim().toLowerCase())
}

/** The values of all lines of a header. */
export function valuesOf(lines: readonly HeaderLine[], name: string): string[] {
  return lines.filter(([spelled]) => spelled.toLowerCase() === name).map(([, value]) => value)
}
