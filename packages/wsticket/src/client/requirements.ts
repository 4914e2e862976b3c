/**
 * What cannot be is said where it is handed over, and not where it fails.
 * @module
 */

/** @throws TypeError with what an option is, unless it is so */
export function requireOption(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new TypeError(`${what}.`)
}

/** @throws TypeError unless the value of an option is one of those, or undefined */
export function requireOneOf(option: string, value: unknown, values: readonly string[]): void {
  requireOption(value === undefined || values.includes(value as string), `${option} is ${values.join(' or ')}`)
}

/** @throws TypeError unless there is a class, of the runtime's own or as the option of that name */
export function requireClass(name: string, value: unknown): void {
  requireOption(typeof value === 'function', `There is no ${name} here: pass one as the option ${name}`)
}

/** The names of errors that a WebSocket throws (Web IDL section 2.8.1). */
type ErrorName = 'SyntaxError' | 'SecurityError' | 'InvalidStateError' | 'InvalidAccessError'

/** @throws DOMException unless it is so */
export function requireOf(name: ErrorName, isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new DOMException(`${what}.`, name)
}
