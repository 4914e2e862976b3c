/**
 * Checks of options that more than one side has. Code without types hands in anything.
 * @module
 */
import { ConfigurationError } from './errors.ts'

/**
 * The function that an option gives; null where it gives none.
 * @throws ConfigurationError for something else.
 */
export function optionalFunction<Given>(option: string, given: Given | undefined): Given | null {
  return given === undefined ? null : requireFunction(option, given)
}

/**
 * The function that an option has to give.
 * @throws ConfigurationError for something else.
 */
export function requireFunction<Given>(option: string, given: Given): Given {
  if (typeof given === 'function') return given
  throw new ConfigurationError(option, 'must be a function')
}

/**
 * One of the names that an option allows.
 * @throws ConfigurationError for something else.
 */
export function requireOneOf<Name extends string>(option: string, given: Name, allowed: readonly Name[]): Name {
  if (allowed.includes(given)) return given
  throw new ConfigurationError(option, `must be one of ${allowed.join(', ')}`)
}

/** The most that there may be of something. */
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
