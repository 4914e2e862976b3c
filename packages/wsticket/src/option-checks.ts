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
