/**
 * Tells whoever started a process how much memory it takes and how many sockets it has. Loaded before the program itself:
 *   node --expose-gc --import ./probe.mjs program.mjs     with an IPC channel
 * @module
 */
import { Socket } from 'node:net'
import { queryObjects } from 'node:v8'

/**
 * @typedef {object} Footprint
 * @property {number} rss bytes of the process
 * @property {number} peakRss the most that it was since it was asked the last time
 * @property {number} kept bytes that are alive after a collection, buffers included
 * @property {number} sockets connections that are open
 * @property {number} socketObjects that are alive, open or not
 * @property {number} timerObjects that are alive, unreferenced ones included
 * @property {number} cpuMs that the process has used since it began
 * @property {number} tookMs for which it was held up to find all this out
 */

const sampleMs = 100
const aTimer = setTimeout(() => {})
const Timeout = /** @type {new () => unknown} */ (aTimer.constructor)
clearTimeout(aTimer)

let peakRss = 0
setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss())
}, sampleMs).unref()

process.on('message', (/** @type {unknown} */ question) => {
  if (question === 'footprint') process.send?.({ footprint: measure() })
})
// To be asked is no reason to stay.
process.channel?.unref()

/** @returns {Footprint} */
function measure() {
  const startedAt = performance.now()
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
  const { user, system } = process.cpuUsage()
  const cpuMs = (user + system) / 1000
  const objects = { socketObjects: queryObjects(Socket), timerObjects: queryObjects(Timeout) }
  const tookMs = performance.now() - startedAt
  const footprint = {
    rss,
    peakRss: Math.max(peakRss, rss),
    kept: heapUsed + external,
    sockets,
    ...objects,
    cpuMs,
    tookMs,
  }
  peakRss = 0
  return footprint
}
