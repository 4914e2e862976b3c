/**
 * A verb of the command line.
 * @module
 */
import type { Environment } from '../config/given.ts'

/** Does what the verb says, and returns the exit code: 0 done, 1 failed, 2 called wrongly. */
export type Verb = (args: readonly string[], environment: Environment) => Promise<number>

/** Writes one line for the person at the terminal; standard output is for data. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Says what has failed. */
export function fail(line: string): number {
  tell(line)
  return 1
}

/** Says what is wrong with the call. */
export function complain(line: string): number {
  tell(line)
  return 2
}
