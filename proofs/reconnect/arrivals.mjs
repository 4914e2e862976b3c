/**
 * When tickets were asked for after a kill, and whether that was spread.
 * @module
 */

// As reconnectDelayMs is documented: the first attempt is made at any moment of so long a time.
export const spreadMs = 5000
const judgedMs = 1000
// How much of all may come before an even spread has it come. With 200 clients chance brings that about once in ten million times.
const mostAhead = 0.2

/**
 * @typedef {object} Arrivals
 * @property {readonly number[]} at in milliseconds since the kill
 * @property {number} clients
 */

/** How many came in each window. @param {Arrivals} arrivals @param {number} windowMs @returns {number[]} */
export function countByWindow({ at }, windowMs) {
  /** @type {number[]} */
  const counts = []
  for (const each of at) {
    const window = Math.floor(each / windowMs)
    while (counts.length <= window) counts.push(0)
    counts[window] = (counts[window] ?? 0) + 1
  }
  return counts
}

/** How many come in a window where all come evenly spread. @param {Arrivals} arrivals @param {number} windowMs */
export function shareOf({ clients }, windowMs) {
  return (clients * windowMs) / spreadMs
}

/** What tells whether they were spread. @param {Arrivals} arrivals */
export function measure(arrivals) {
  const most = Math.max(0, ...countByWindow(arrivals, judgedMs))
  return { most, timesShare: most / shareOf(arrivals, judgedMs), ahead: aheadOf(arrivals) }
}

/**
 * What is uneven about them.
 * @param {string} who @param {Arrivals} arrivals @param {number} mostTimesShare how many times what comes in a second of an even spread
 * @returns {string[]}
 */
export function unevennessOf(who, arrivals, mostTimesShare) {
  const { most, timesShare, ahead } = measure(arrivals)
  const storm = `${who}: ${most} came within a second, ${timesShare.toFixed(1)} times its share`
  return [
    ...(timesShare > mostTimesShare ? [storm] : []),
    ...(ahead > mostAhead ? [`${who}: ${Math.round(ahead * 100)} % of all came before their time`] : []),
  ]
}

/** How much more of all had come at a moment than an even spread brings. @param {Arrivals} arrivals */
function aheadOf({ at, clients }) {
  const sorted = [...at].sort((one, other) => one - other)
  return sorted.reduce((most, each, index) => Math.max(most, Math.min(1, (index + 1) / clients) - each / spreadMs), 0)
}
