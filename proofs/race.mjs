/**
 * A race: every ticket is redeemed by every racer of every process at once, and the winners are counted.
 * @module
 */
import { startRacers } from './racers.mjs'

/** @import { RacerProcess } from './racers.mjs' */

/**
 * @typedef {object} Tally
 * @property {number} tickets
 * @property {number} racers
 * @property {number} redeems
 * @property {number} none tickets that nobody redeemed, though everybody was told what became of them
 * @property {number} undecided tickets of which somebody was not told, and that nobody is known to have redeemed
 * @property {number} several tickets that were redeemed more than once
 * @property {number} most how often the same ticket was redeemed at most
 * @property {readonly string[]} faults what came of redeeming that is neither a winner nor a loser; the first few
 * @property {number} seconds
 * @property {string | null} engine as the store says that it is
 */

const processCount = 4
// A batch is so many tickets in flight as take about so long: many enough to keep everything busy, and far from any deadline.
const batchMs = 200
const fewest = 4
const sweepEveryMs = 10_000
const faultsShown = 3

/**
 * @typedef {object} Race what is raced: the store or the naive one, how many tickets, how many racers
 * @property {'store' | 'naive'} kind
 * @property {number} tickets
 * @property {number} racers in all processes together
 * @property {number} mostAtOnce in a batch: where the machine stands still, of all of them it may not be known who won
 * @property {(tickets: number) => void} [onProgress]
 */

/**
 * Starts the processes that race. They run one race after another, and never two at once, until `stop` is called, which resolves when
 * they have ended; where this rejects, none is left.
 * @param {object} options
 * @param {string} options.subject
 * @param {unknown} options.address
 * @param {string} options.node that they run under
 * @param {boolean} options.oneProcess
 * @returns {Promise<{ run: (race: Race) => Promise<Tally>, stop: () => Promise<void> }>}
 */
export async function startRaces({ oneProcess, ...common }) {
  const started = Array.from({ length: oneProcess ? 1 : processCount }, () => startRacers(common))
  const stop = async () => {
    for (const each of await Promise.allSettled(started)) if (each.status === 'fulfilled') await each.value.stop()
  }
  try {
    const processes = await Promise.all(started)
    return { run: (race) => run(processes, race), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @param {RacerProcess[]} processes @param {Race} race @returns {Promise<Tally>} */
async function run(processes, { kind, tickets, racers, mostAtOnce, onProgress = () => {} }) {
  await Promise.all(processes.map((each) => each.ask('open', { kind, racers: racers / processes.length })))
  const inspection = await processes[0]?.ask('inspect')
  const counts = await raceAll(processes, { tickets, mostAtOnce, onProgress })
  await Promise.all(processes.map((each) => each.ask('close')))
  return { ...counts, tickets, racers, redeems: tickets * racers, engine: inspection?.engine ?? null }
}

/**
 * @param {RacerProcess[]} processes
 * @param {{ tickets: number, mostAtOnce: number, onProgress: (tickets: number) => void }} race
 */
async function raceAll(processes, { tickets, mostAtOnce, onProgress }) {
  const startedAt = performance.now()
  const tally = { none: 0, undecided: 0, several: 0, most: 0, faults: /** @type {string[]} */ ([]) }
  let size = fewest
  let sweptAt = startedAt
  let issuing = issue(processes, Math.min(size, tickets))
  for (let done = 0; done < tickets; ) {
    const ids = await issuing
    const left = tickets - done - ids.length
    const beganAt = performance.now()
    // While one batch is raced, the next is issued.
    issuing = issue(processes, Math.min(size, left))
    const [results] = await Promise.all([Promise.all(processes.map((each) => each.ask('race', ids))), issuing])
    count(results, ids.length, tally)
    done += ids.length
    onProgress(done)
    const elapsedMs = performance.now() - beganAt
    size = Math.round(
      Math.min(mostAtOnce, Math.max(fewest, 2 * size, 1), Math.max(fewest, (ids.length * batchMs) / elapsedMs)),
    )
    if (performance.now() - sweptAt < sweepEveryMs) continue
    sweptAt = performance.now()
    await processes[0]?.ask('sweep')
  }
  return { ...tally, seconds: (performance.now() - startedAt) / 1000 }
}

/** @param {RacerProcess[]} processes @param {number} tickets @returns {Promise<string[]>} their ids, each process's in turn */
async function issue(processes, tickets) {
  const shares = processes.map((_, index) => Math.floor((tickets + index) / processes.length))
  return (await Promise.all(processes.map((each, index) => each.ask('issue', shares[index])))).flat()
}

/**
 * @param {{ won: number[], undecided: number[], faults: string[] }[]} results
 * @param {number} tickets
 * @param {{ none: number, undecided: number, several: number, most: number, faults: string[] }} tally
 */
function count(results, tickets, tally) {
  const winners = new Uint8Array(tickets)
  for (const { won } of results) for (const index of won) winners[index] = /** @type {number} */ (winners[index]) + 1
  const untold = new Set(results.flatMap(({ undecided }) => undecided))
  winners.forEach((times, index) => {
    if (times === 0) tally[untold.has(index) ? 'undecided' : 'none'] += 1
    if (times > 1) tally.several += 1
    if (times > tally.most) tally.most = times
  })
  const faults = results.flatMap((result) => result.faults)
  tally.faults.push(...faults.slice(0, Math.max(0, faultsShown - tally.faults.length)))
}
