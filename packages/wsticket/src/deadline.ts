/**
 * Deadlines: what has not been decided in time is refused.
 * @module
 */
import { ConfigurationError, DeadlineError } from './errors.ts'

/** How long a decision may take, hooks and store included, unless told otherwise; in milliseconds. */
export const defaultDeadlineMs = 5000

const longestDeadlineMs = 2 ** 31 - 1

/**
 * Waits for some work, and no longer. What the work comes to later is dropped.
 * @throws DeadlineError where the time is up; else what the work throws.
 */
export function withinDeadline<Result>(work: Promise<Result>, deadlineMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(deadlineMs)), deadlineMs)
    work.then(
      (result) => {
        clearTimeout(timer)
        resolve(result)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/**
 * Checks an option that is a deadline. Default `deadlineMs`.
 * @throws ConfigurationError
 */
export function requireDeadline(deadlineMs: number, option = 'deadlineMs'): number {
  if (Number.isSafeInteger(deadlineMs) && deadlineMs >= 1 && deadlineMs <= longestDeadlineMs) return deadlineMs
  throw new ConfigurationError(option, `must be a whole number of milliseconds from 1 to ${longestDeadlineMs}`)
}
