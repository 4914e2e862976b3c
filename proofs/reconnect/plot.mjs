/**
 * What the issuer had to do, as a picture that is legible on a light page and on a dark one.
 * @module
 */
import { countByWindow, shareOf, spreadMs } from './arrivals.mjs'

/** @import { Arrivals } from './arrivals.mjs' */

/**
 * @typedef {object} Crowd
 * @property {number} clients
 * @property {Arrivals} wanted when tickets were wanted, at the clients
 * @property {Arrivals} arrived when tickets were asked for, at the issuer
 *
 * @typedef {object} Frame of a panel
 * @property {number} top
 * @property {number} bottom
 * @property {(ms: number) => number} x
 * @property {(count: number) => number} y
 */

const windowMs = 250
const [width, height] = [760, 500]
const [left, right] = [64, 736]
const panelHeight = 130
const leastSeconds = 8
const heading = 'Tickets in each quarter of a second after a node was killed'

const style = `
  .page { fill: #ffffff; stroke: #d0d7de } text { fill: #1f2328; font: 13px system-ui, sans-serif } .title { font-weight: 600; font-size: 15px }
  path { fill: none } .axis { stroke: #656d76 } .wanted { stroke: #1f2328 } .share { stroke: #1f2328; stroke-dasharray: 5 4 }
  .orderly { fill: #54aeff } .storm { fill: #fb8f44 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d } text { fill: #e6edf3 }
    .axis { stroke: #8b949e } .wanted, .share { stroke: #e6edf3 } .orderly { fill: #1f6feb } .storm { fill: #bd561d }
  }`

/**
 * @param {Crowd} orderly @param {Crowd} storm
 * @returns {string} SVG
 */
export function plot(orderly, storm) {
  const last = Math.max(...[orderly, storm].flatMap(({ arrived, wanted }) => [...arrived.at, ...wanted.at]))
  const seconds = Math.max(leastSeconds, Math.ceil(last / 1000))
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${heading}">`,
    `<style>${style}\n</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
    `<text class="title" x="24" y="32">${heading}</text>`,
    text(24, 54, 'bars: asked for at the issuer; line: wanted at the clients; dashes: an even spread over 5 seconds'),
    ...panel({ top: 112, seconds, kind: 'orderly', does: 'that wait as reconnectDelayMs says' }, orderly),
    ...panel({ top: 316, seconds, kind: 'storm', does: 'that wait for nothing' }, storm),
    middle((left + right) / 2, height - 14, 'seconds since the kill'),
    '</svg>',
  ].join('\n')}\n`
}

/** @param {{ top: number, seconds: number, kind: string, does: string }} what seconds are those of its axis @param {Crowd} crowd @returns {string[]} */
function panel({ top, seconds, kind, does }, { clients, wanted, arrived }) {
  const share = shareOf(arrived, windowMs)
  const most = roundUp(Math.max(share, ...countByWindow(arrived, windowMs), ...countByWindow(wanted, windowMs)))
  const bottom = top + panelHeight
  /** @type {Frame} */
  const frame = {
    top,
    bottom,
    x: (ms) => left + ((right - left) * ms) / (seconds * 1000),
    y: (count) => bottom - (panelHeight * count) / most,
  }
  return [
    text(left, top - 14, `${clients.toLocaleString('en')} clients ${does}`),
    ...bars(kind, arrived, frame),
    `<path class="wanted" d="${steps(wanted, frame)}"/>`,
    `<path class="share" d="M${left} ${fixed(frame.y(share))}H${fixed(frame.x(spreadMs))}V${bottom}"/>`,
    `<path class="axis" d="M${left} ${top}V${bottom}H${right}"/>`,
    ...[0, most / 2, most].map((count) => end(left - 8, frame.y(count) + 4, String(count))),
    ...ticksOf(seconds).map((second) => middle(frame.x(second * 1000), bottom + 18, String(second))),
  ]
}

/** @param {string} kind @param {Arrivals} arrivals @param {Frame} frame @returns {string[]} */
function bars(kind, arrivals, { bottom, x, y }) {
  return countByWindow(arrivals, windowMs).flatMap((count, window) => {
    const from = x(window * windowMs)
    const size = `width="${fixed(x(windowMs) - x(0))}" height="${fixed(bottom - y(count))}"`
    return count === 0 ? [] : [`<rect class="${kind}" x="${fixed(from)}" y="${fixed(y(count))}" ${size}/>`]
  })
}

/** @param {Arrivals} arrivals @param {Frame} frame */
function steps(arrivals, { bottom, x, y }) {
  const counts = countByWindow(arrivals, windowMs)
  const each = counts.map((count, window) => `V${fixed(y(count))}H${fixed(x((window + 1) * windowMs))}`)
  return `M${left} ${bottom}${each.join('')}V${bottom}`
}

/** @param {number} seconds @returns {number[]} */
function ticksOf(seconds) {
  const step = seconds > 20 ? 5 : 1
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step)
}

/** To a number that has a half. @param {number} count */
function roundUp(count) {
  const unit = 10 ** Math.max(1, Math.floor(Math.log10(count)))
  return Math.ceil(count / unit) * unit
}

/** @param {number} x @param {number} y @param {string} what */
function text(x, y, what) {
  return `<text x="${fixed(x)}" y="${fixed(y)}">${what}</text>`
}

/** @param {number} x its middle @param {number} y @param {string} what */
function middle(x, y, what) {
  return text(x, y, what).replace('<text', '<text text-anchor="middle"')
}

/** @param {number} x its end @param {number} y @param {string} what */
function end(x, y, what) {
  return text(x, y, what).replace('<text', '<text text-anchor="end"')
}

/** @param {number} value */
function fixed(value) {
  return String(Math.round(value * 10) / 10)
}
