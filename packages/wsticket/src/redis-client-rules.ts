/**
 * What the options of a Redis client are held to, whichever client it is.
 * @module
 */
import { ConfigurationError } from './errors.ts'

/** How long a line may be silent, in milliseconds. Less than a store waits: so it goes by itself, and the others of a cluster stay. */
export const lineTimeoutMs = 1500
// Longer, and a store is not back within five seconds of its engine.
const longestTimeoutMs = 3000

/** An option, what it has to be, and the sentence that says so. */
export type OptionRule = readonly [option: string, isRight: (value: unknown) => boolean, needed: string]

/** Where the options stand, and which are right. */
export interface RuleContext {
  /** Before the name of each option. Default none. */
  readonly path?: string
  /** The name of the options that are right. */
  readonly source: string
}

/**
 * Holds options to rules.
 * @throws ConfigurationError for the first that is broken.
 */
export function requireRules(rules: readonly OptionRule[], options: object, { path = '', source }: RuleContext): void {
  for (const [option, isRight, needed] of rules) {
    if (!isRight(valueAt(options, option)))
      throw new ConfigurationError(`${path}${option}`, `${needed}; ${source} has what is right`)
  }
}

/** The member of a member, as `socket.connectTimeout` names it. */
function valueAt(options: object, option: string): unknown {
  return option
    .split('.')
    .reduce<unknown>((value, name) => (value as { readonly [name: string]: unknown } | undefined)?.[name], options)
}

/** Says why {@link isShort}. */
export const tooLong: string = `must be a number of milliseconds up to ${longestTimeoutMs}, or a line that is dead holds for ever`

/** Whether a line that is dead is soon noticed. */
export function isShort(value: unknown): boolean {
  return typeof value === 'number' && value >= 1 && value <= longestTimeoutMs
}

/** Exactly this. */
export function is(needed: unknown): (value: unknown) => boolean {
  return (value) => value === needed
}

/** Not switched on. */
export function isOff(value: unknown): boolean {
  return !value
}

/** Whether it can be called. */
export function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}
