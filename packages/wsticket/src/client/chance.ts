/**
 * So that not all clients do the same at the same moment.
 * @module
 */

/** A number from 0 up to 1, without 1, every one as likely as another. */
export function chance(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32
}
