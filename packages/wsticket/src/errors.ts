/**
 * What is thrown: faults of the infrastructure, and misuse. A refusal is never thrown (see refusals.ts). No message carries a
 * ticket, a credential, a claim's value or a URL with its query.
 * @module
 */

/**
 * Why a store could not do what it was asked. `corrupt`: the engine answered with what was not asked for. `malformed`: it keeps
 * a record that this version cannot read.
 */
export type StoreErrorCode = 'conflict' | 'capacity' | 'unavailable' | 'corrupt' | 'malformed' | 'closed'

/** A fault of a ticket store. The caller refuses: nothing is ever admitted on a fault. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** An option that cannot be: thrown at construction, or where a hook of the operator returns what it may not. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'configuration'
  /** The option at fault, as it is spelled in the code. */
  readonly option: string

  constructor(option: string, problem: string) {
    super(`${option} ${problem}`)
    this.option = option
  }
}

/** Something took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
  readonly code = 'deadline'

  constructor(deadlineMs: number) {
    super(`there was no decision within ${deadlineMs} ms`)
  }
}
