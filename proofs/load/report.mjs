/**
 * What came of it, and whether that is good enough.
 * @module
 */
import { ways } from './hostile-socket.mjs'

/** @import { Experience } from './healthy.mjs' */
/** @import { Fate } from './hostile.mjs' */
/** @import { Footprint } from './probe.mjs' */

/**
 * @typedef {object} Course of an attack
 * @property {Experience[]} baseline before and after it, each over some seconds
 * @property {Experience[]} ramp while the hostile sockets are being opened
 * @property {Experience[]} attacked while all of them are open
 * @property {Experience[]} flooded
 * @property {{ before: Footprint, during: Footprint, after: Footprint }} footprints
 * @property {{ [way: string]: Fate }} atOnce when no more were opened
 * @property {{ [way: string]: Fate }} fates at the end
 *
 * @typedef {object} Terms
 * @property {number} sockets
 * @property {number} sessionLifetimeMs
 * @property {boolean} timed whether timings are judged
 */

const mebibyte = 2 ** 20
// A machine that many share stands still for a second now and then.
const slackMs = 3000
const untimedSlackMs = 60_000
const mostTimesBaseline = 2
const mostPerSocket = 48 * 1024
const mostApartFromSockets = 64 * mebibyte
const mostKeptAfterwards = 8 * mebibyte
// Connections of healthy clients, and the listener's own.
const mostSocketsAfterwards = 40

/** @param {string} form @param {Course} course @param {Terms} terms @returns {boolean} whether the load was borne */
export function report(form, course, terms) {
  const faults = [...judgeFates(course, terms), ...judgeMemory(course, terms), ...judgeHealthy(course, terms)]
  console.log(`\n${form}: ${describe(course)}`)
  for (const fault of faults) console.log(`  FAULT: ${fault}`)
  return faults.length === 0
}

/** @param {Course} course */
function describe({ baseline, attacked, flooded, footprints, atOnce, fates }) {
  const open = Object.values(atOnce).reduce((sum, fate) => sum + fate.open, 0)
  const lines = [`${open} hostile sockets were open when the attack ceased`]
  for (const [name, { opened, ended, heldMs }] of Object.entries(fates)) {
    lines.push(`${name.padEnd(18)} ${opened} opened, ${ended} ended by the server, after ${seconds(heldMs)} s`)
  }
  for (const [name, windows] of Object.entries({ baseline, attacked, flooded })) {
    const took = windows.flatMap((each) => each.tookMs)
    const all = `p50 ${at(took, 0.5)} ms, p99 ${at(took, 0.99)} ms`
    lines.push(`healthy, ${name}: ${took.length} visits, ${all}, median of p99 ${usualTail(windows).toFixed(1)} ms`)
  }
  lines.push(`healthy, attacked against baseline: ${timesBaseline(baseline, attacked).toFixed(2)} times as long`)
  for (const [name, { rss, peakRss, kept, sockets }] of Object.entries(footprints)) {
    lines.push(`memory ${name}: RSS ${mib(rss)}, peak ${mib(peakRss)}, alive ${mib(kept)}, ${sockets} sockets`)
  }
  lines.push(`measuring held the server up for ${(measuringMs(footprints) / 1000).toFixed(1)} s at the most`)
  const { before, during } = footprints
  lines.push(`CPU of the server during the attack: ${((during.cpuMs - before.cpuMs) / 1000).toFixed(1)} s`)
  return lines.join('\n  ')
}

/** @param {Course} course @param {Terms} terms */
function judgeFates({ fates, footprints }, terms) {
  const heldUpMs = measuringMs(footprints)
  return Object.entries(fates).flatMap(([name, { open, opened, heldMs }]) => {
    const limitMs = /** @type {import('./hostile-socket.mjs').Way} */ (ways[name]).endedAfterMs(terms)
    const late = heldMs.filter((ms) => ms > limitMs + heldUpMs + (terms.timed ? slackMs : untimedSlackMs)).length
    return [
      ...(opened === 0 ? [`${name}: none was opened`] : []),
      ...(open > 0 ? [`${name}: ${open} were never ended`] : []),
      ...(late > 0 ? [`${name}: ${late} were ended later than after ${limitMs / 1000} s`] : []),
    ]
  })
}

/** @param {Course['footprints']} footprints @returns {number} for how long the longest look at the memory held up the server */
function measuringMs(footprints) {
  return Math.max(...Object.values(footprints).map(({ tookMs }) => tookMs))
}

/** @param {Course} course @param {Terms} terms */
function judgeMemory({ footprints: { before, during, after } }, { sockets }) {
  const most = before.rss + mostApartFromSockets + sockets * mostPerSocket
  return [
    ...(during.peakRss > most ? [`RSS rose above ${mib(most)}`] : []),
    ...(after.kept > before.kept + mostKeptAfterwards ? ['memory was not given back'] : []),
    ...(after.sockets > mostSocketsAfterwards ? [`${after.sockets} sockets are still open in the server`] : []),
  ]
}

/** @param {Course} course @param {Terms} terms */
function judgeHealthy({ baseline, ramp, attacked, flooded }, { timed }) {
  const failures = [...baseline, ...ramp, ...attacked, ...flooded].flatMap((each) => each.failures)
  const factor = timesBaseline(baseline, attacked)
  return [
    ...(failures.length > 0 ? [`${failures.length} healthy visits failed: ${failures[0]}`] : []),
    ...(attacked.every((each) => each.tookMs.length === 0) ? ['no healthy client got through'] : []),
    ...(timed && !(factor < mostTimesBaseline) ? [`healthy clients waited ${factor.toFixed(2)} times as long`] : []),
  ]
}

/** @param {readonly Experience[]} baseline @param {readonly Experience[]} attacked */
function timesBaseline(baseline, attacked) {
  return usualTail(attacked) / usualTail(baseline)
}

/** The median over windows of the 99th percentile in each. @param {readonly Experience[]} windows */
function usualTail(windows) {
  return percentile(
    // Where nobody got through at all, that took for ever.
    windows.map(({ tookMs }) => (tookMs.length === 0 ? Number.POSITIVE_INFINITY : percentile(tookMs, 0.99))),
    0.5,
  )
}

/** @param {readonly number[]} values @param {number} share */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** @param {readonly number[]} values @param {number} share */
function at(values, share) {
  return percentile(values, share).toFixed(1)
}

/** @param {number} bytes */
function mib(bytes) {
  return `${(bytes / mebibyte).toFixed(0)} MiB`
}

/** @param {readonly number[]} heldMs */
function seconds(heldMs) {
  return [0, 0.5, 1].map((share) => (percentile(heldMs, share) / 1000).toFixed(1)).join(' / ')
}
