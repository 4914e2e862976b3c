/**
 * Memory and CPU time of this process.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = /** @type {() => void} */ (runInNewContext('gc'))

/** @returns {number} bytes, once what is garbage is gone */
export function heapUsed() {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/** CPU time of this process, the system's for it included. @param {number} durationMs @returns {Promise<number>} in microseconds */
export async function cpuOfWaiting(durationMs) {
  const startedAt = process.cpuUsage()
  await pause(durationMs)
  const { user, system } = process.cpuUsage(startedAt)
  return user + system
}

/**
 * Lets a collection of all garbage come to its end: what is freed is swept beside, by threads whose CPU time counts, too.
 * @param {number} durationMs how long that may take
 */
export async function settle(durationMs) {
  collect()
  await pause(durationMs)
}

/** @param {readonly number[]} figures @returns {number} */
export function median(figures) {
  const sorted = figures.toSorted((one, other) => one - other)
  return /** @type {number} */ (sorted[Math.floor(sorted.length / 2)])
}
