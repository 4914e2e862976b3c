/**
 * Waiting for a condition, in place of a sleep.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'

const pauseMs = 20

/**
 * Resolves with the first answer that is neither false, null nor undefined; an answer that is thrown counts as none yet.
 * @template Answer
 * @param {string} what is waited for, for the message
 * @param {() => Answer | Promise<Answer>} condition
 * @param {number} [deadlineMs]
 * @returns {Promise<NonNullable<Answer>>}
 */
export async function until(what, condition, deadlineMs = 20_000) {
  const startedAt = performance.now()
  /** @type {unknown} */
  let lastError
  while (performance.now() - startedAt < deadlineMs) {
    try {
      const answer = await condition()
      if (answer !== false && answer !== null && answer !== undefined)
        return /** @type {NonNullable<Answer>} */ (answer)
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    await pause(pauseMs)
  }
  throw new Error(`waited ${deadlineMs} ms in vain: ${what}`, { cause: lastError })
}
