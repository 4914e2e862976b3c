/** The positions that a scribe (`programs/scribe.ts`) says it has written, or read. */
export function positionsIn(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => /^(?:wrote|read) (\S+)/.exec(line)?.[1] ?? [])
}
