/**
 * What an error says to the user.
 * @module
 */
import { maskSecrets } from './masks.ts'

/** The sentence of an error, masked. */
export function describeError(error: unknown): string {
  return maskSecrets(error instanceof Error ? error.message : 'Something failed that gave no reason.')
}
