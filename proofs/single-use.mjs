/**
 * Proves single use over processes: 64 racers in 4 processes redeem the same ticket at once, on every engine.
 *
 *   npm run prove:single-use                         1,000,000 tickets on each engine. On two cores memory takes three minutes,
 *                                                    Redis and SQLite up to an hour each client, PostgreSQL and NATS a night
 *   npm run prove:single-use -- --short              10,000 tickets, with fewer racers
 *   npm run prove:single-use -- --engine redis,nats  these engines
 *   npm run prove:single-use -- --tickets 50000 --racers 16
 *
 * Beside each store a naive one, which looks before it deletes, runs the same race and has to be found out: a proof that could
 * not fail is none. Ends with 1 where a ticket had other than one winner, where a loser heard anything but `spent`, and where
 * the naive store was not found out. Of a ticket that nobody is known to have won, while somebody heard nothing in time, it is not
 * known: these are counted apart, and may be 1 in 100 at the most.
 * @module
 */
import { parseArgs } from 'node:util'
import { startRaces } from './race.mjs'
import { subjectNames, subjectOf } from './subject.mjs'

/** @import { Tally } from './race.mjs' */
/** @import { Subject } from './subject.mjs' */

const { values: options } = parseArgs({
  options: {
    engine: { type: 'string', default: '' },
    tickets: { type: 'string' },
    racers: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
})
const racers = 64
// Four connections in each process are enough to find out a naive store.
const control = options.short ? { tickets: 100, racers: 16 } : { tickets: 2000, racers }
// More, and what was raced is not the engine but a machine that stands still.
const mostUndecided = 0.01
// So few in short that two such moments leave fewer unknown than one in 100.
const mostAtOnce = options.short ? 40 : 1000
const defaults = options.short ? { tickets: 10_000 } : { tickets: 1_000_000, racers }
const wanted = options.engine.split(',')
const chosen = subjectNames.filter((name) => wanted.some((start) => name.startsWith(start)))
const unknown = wanted.find((start) => !subjectNames.some((name) => name.startsWith(start)))
if (unknown !== undefined || !isCount(options.tickets) || !isCount(options.racers) || Number(options.racers ?? 4) % 4) {
  console.error(`Tickets are counted in whole numbers, racers in fours, and there are ${subjectNames.join(' ')}.`)
  process.exit(2)
}

const columns = [34, 24, 9, 6, 11, 6, 7, 6, 11, 14, 8]
row('engine', 'client', 'tickets', 'racers', 'redeems', 'won by', 'won by', 'not', '95 % upper', 'naive store:', '')
row('', '', '', '', '', 'none', 'several', 'known', 'bound', 'won by several', 'seconds')

const verdicts = []
for (const name of chosen) verdicts.push(await prove(name, await subjectOf(name)))
const proven = verdicts.includes(true) && !verdicts.includes(false)
console.log(proven ? '\nSingle use holds.' : '\nSINGLE USE IS NOT PROVEN.')
process.exitCode = proven ? 0 : 1

/** @param {string} name @param {Subject} subject @returns {Promise<boolean | null>} whether it is proven; null where it was not raced */
async function prove(name, subject) {
  const lacking = subject.lacking?.() ?? null
  if (lacking !== null) {
    row(`${name}: not raced, ${lacking}`)
    return null
  }
  const { address, stop } = await subject.start()
  try {
    return await raceBoth(name, subject, address)
  } finally {
    await stop()
  }
}

/** @param {string} name @param {Subject} subject @param {unknown} address @returns {Promise<boolean>} whether it is proven */
async function raceBoth(name, subject, address) {
  const node = subject.node?.() ?? process.execPath
  const races = await startRaces({ subject: name, address, node, oneProcess: subject.oneProcess ?? false })
  try {
    const race = { ...sizeOf(subject), mostAtOnce, onProgress: createProgress(name) }
    const tally = await races.run({ ...race, kind: 'store' })
    return report(subject, tally, await races.run({ ...control, mostAtOnce, kind: 'naive' }))
  } finally {
    await races.stop()
  }
}

/** @param {Subject} subject */
function sizeOf({ shortRacers = racers }) {
  return {
    tickets: Number(options.tickets ?? defaults.tickets),
    racers: Number(options.racers ?? defaults.racers ?? shortRacers),
  }
}

/** @param {Subject} subject @param {Tally} tally @param {Tally} naive @returns {boolean} whether it is proven */
function report({ client }, tally, naive) {
  const { engine, tickets, none, several, undecided, faults, seconds } = tally
  const holds = none === 0 && several === 0 && faults.length === 0 && undecided < tickets * mostUndecided
  const counts = [tickets, tally.racers, tally.redeems, none, several, undecided].map(grouped)
  const bound = holds ? (3 / (tickets - undecided)).toExponential(1) : 'VIOLATED'
  const found = `${grouped(naive.several)} of ${grouped(naive.tickets)}`
  row(String(engine), client, ...counts, bound, found, seconds.toFixed(1))
  for (const fault of faults) console.log(`  FAULT: ${fault}`)
  if (naive.several === 0) console.log('  THE RACE COULD NOT HAVE FAILED: it did not find out the naive store')
  return holds && naive.several > 0
}

/** @param {...string} cells */
function row(...cells) {
  const padded = cells.map((cell, index) => {
    const width = columns[index] ?? 0
    return index < 2 ? cell.padEnd(width) : cell.padStart(width)
  })
  console.log(padded.join('  ').trimEnd())
}

/** @param {string | undefined} text of an option that may be left out */
function isCount(text) {
  return text === undefined || /^[1-9]\d*$/.test(text)
}

/** @param {number} value */
function grouped(value) {
  return value.toLocaleString('en')
}

/** Says now and then how far it is: a long race is silent for hours. @param {string} name */
function createProgress(name) {
  let saidAt = performance.now()
  return (/** @type {number} */ tickets) => {
    if (performance.now() - saidAt < 60_000) return
    saidAt = performance.now()
    console.error(`${name}: ${grouped(tickets)} tickets`)
  }
}
