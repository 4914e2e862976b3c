/**
 * Chance from a seed: the same on every run and every machine.
 * @module
 */

/** Draws numbers. */
export interface SeededRandom {
  /** A whole number from 0 to one less than the bound. */
  below(bound: number): number
  /** One of these. */
  pick<Value>(values: readonly [Value, ...Value[]]): Value
  /** So many characters of an alphabet. */
  text(alphabet: string, length: number): string
}

/** Creates a generator (xorshift32, Marsaglia 2003). Good for variety, and for nothing else. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0 || 1
  function below(bound: number): number {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % bound
  }
  return {
    below,
    pick: (values) => values[below(values.length)] ?? values[0],
    text: (alphabet, length) => Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join(''),
  }
}
