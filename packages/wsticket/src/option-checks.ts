/**
 * Checks of options that more than one side has. Code without types hands in anything.
 * @module
 */
import { ConfigurationError } from './errors.ts'

type AnyFunction = (...args: never[]) => unknown

/**
 * The function that an option gives; null where it gives none.
 * @throws ConfigurationError for something else.
 */
export function optionalFunction<Given extends AnyFunction>(option: string, given: Given | undefined): Given | null {
  return given === undefined ? null : requireFunction(option, given)
}

/**
 * The function that an option has to give.
 * @throws ConfigurationError for something else.
 */
export function requireFunction<Given extends AnyFunction>(option: string, given: Given): Given {
  if (typeof given === 'function') return given
  throw new ConfigurationError(option, 'must be a function')
}

/**
 * One of the names that an option allows.
 * @throws ConfigurationError for something else.
 */
export function requireOneOf<Name extends string>(
  option: string,
  given: Name,
  allowed: readonly NoInfer<Name>[],
): Name {
  if (allowed.includes(given)) return given
  throw new ConfigurationError(option, `must be one of ${allowed.join(', ')}`)
}

/**
 * How many of something there may be.
 * @throws ConfigurationError for anything but a whole number of 1 or more.
 */
export function requireCount(option: string, count: number): number {
  if (Number.isSafeInteger(count) && count >= 1) return count
  throw new ConfigurationError(option, 'must be a whole number, 1 or more')
}

/**
 * How long something lasts, in milliseconds.
 * @throws ConfigurationError for anything but a whole number of 1 or more.
 */
export function requireDuration(option: string, durationMs: number): number {
  if (Number.isSafeInteger(durationMs) && durationMs >= 1) return durationMs
  throw new ConfigurationError(option, 'must be a whole number of milliseconds, 1 or more')
}
