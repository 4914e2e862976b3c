/**
 * What delays are made of.
 * @module
 */

/** The longest delay of a timer, in milliseconds: one that is set to more fires at once. */
export const longestDelayMs: number = 2 ** 31 - 1

/** A number from 0 up to 1, without 1, every one as likely as another: so that not all clients do the same at the same moment. */
export function chance(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32
}
