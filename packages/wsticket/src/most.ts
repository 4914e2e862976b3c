/**
 * How many there may be, as an option says it: a whole number, or `unlimited`.
 * @module
 */
import { ConfigurationError } from './errors.ts'

/** The most that there may be. */
export type Most = number | 'unlimited'

/**
 * The number; infinity for `unlimited`.
 * @throws ConfigurationError for anything but a whole number of 1 or more.
 */
export function requireMost(option: string, most: Most): number {
  if (most === 'unlimited') return Number.POSITIVE_INFINITY
  if (Number.isSafeInteger(most) && most >= 1) return most
  throw new ConfigurationError(option, 'must be a whole number, 1 or more, or unlimited')
}
