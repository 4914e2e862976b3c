/**
 * What somebody probably meant.
 * @module
 */

/** The name that is fewest typing errors away from what was written; null where none is near. */
export function nearest(written: string, names: readonly string[]): string | null {
  const most = Math.max(2, Math.floor(written.length / 3))
  let best: { name: string | null; distance: number } = { name: null, distance: most + 1 }
  for (const name of names) {
    const distance = editDistance(written, name)
    if (distance < best.distance) best = { name, distance }
  }
  return best.name
}

/** Levenshtein's distance. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const substitution = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[other.length] as number
}
