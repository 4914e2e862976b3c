/**
 * What a live session costs: memory for each that is open, CPU time for each that ends in time, and for the timer that waits for them; and
 * what the heartbeats cost that the adapter for `ws` gives each.
 *
 *   npm run bench:sessions              1,000, 10,000 and 100,000 sessions, three rounds of each in turn: about 4 minutes
 *   npm run bench:sessions -- --short   one round, with 100,000 left out: shows that it runs, its figures mean little
 *
 * The control of memory are the sessions themselves, kept in an array: an application has them anyway. The control of CPU is the same process
 * with the same sessions while none ends. Ends with 1 where a session costs more the more there are; what a machine with other work to do
 * shows only in the long run is not judged in short.
 * @module
 */
import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createSessions } from 'wsticket'
import { measureHeartbeats } from './heartbeats.mjs'
import { cpuOfWaiting, heapUsed, median, settle } from './measuring.mjs'

/** @import { Session, Sessions } from 'wsticket' */
/** @import { Heartbeats } from './heartbeats.mjs' */

const { values: options } = parseArgs({ options: { short: { type: 'boolean', default: false } } })
const plan = options.short
  ? { rounds: 1, sizes: [1000, 10_000], settleMs: 200, idleSeconds: 1, spreadMs: 1000, beatMs: 1500 }
  : {
      rounds: 3,
      sizes: [1000, 10_000, 100_000],
      settleMs: 1500,
      idleSeconds: 3,
      spreadMs: 3000,
      beatMs: 2500,
    }
const { settleMs } = plan
const hourMs = 3_600_000
const beganAt = Date.now()
const lookEveryMs = 500
// Before the first session ends.
const mostSeconds = 3000
const looksInASecond = 10

/** @typedef {{ bytes: number, waitUs: number, endUs: number } & Heartbeats} Measured */

/** @typedef {keyof Measured} Name */

/**
 * What is reported; and how many times as much it may be at any number of sessions as at any lower one, which counts as `least` where it is
 * less.
 * @type {{ readonly [name in Name]: { title: string, most: number, least: number, isSteady: boolean } }}
 */
const columns = {
  bytes: { title: 'bytes of heap each', most: 1.5, least: 600, isSteady: true },
  waitUs: { title: 'CPU us a second, while none ends', most: 2, least: 20, isSteady: true },
  endUs: { title: 'CPU us for each that ends', most: 2, least: 1, isSteady: false },
  beatBytes: { title: 'bytes of heap for its heartbeats', most: 1.5, least: 300, isSteady: true },
  lookUs: { title: 'CPU us for each look at it', most: 2, least: 2, isSteady: false },
}
const names = /** @type {Name[]} */ (Object.keys(columns))

/** @type {Map<number, Measured[]>} */
const measured = new Map(plan.sizes.map((size) => [size, []]))
for (let round = 0; round < plan.rounds; round += 1)
  for (const size of plan.sizes) measured.get(size)?.push(await measure(size))

const figures = Object.fromEntries(
  names.map((name) => [name, [...measured.values()].map((rounds) => median(rounds.map((round) => round[name])))]),
)
console.log(`| sessions | ${names.map((name) => columns[name].title).join(' | ')} |`)
for (const [at, size] of plan.sizes.entries())
  console.log(`| ${size} | ${names.map((name) => (figures[name]?.[at] ?? Number.NaN).toPrecision(3)).join(' | ')} |`)
const steep = names.filter((name) => isJudged(name) && !isFlat(name))
for (const name of steep) console.error(`Not flat: ${columns[name].title}.`)
process.exitCode = steep.length === 0 ? 0 : 1

/** @param {Name} name @returns {boolean} */
function isJudged(name) {
  return !options.short || columns[name].isSteady
}

/** @param {Name} name @returns {boolean} whether it is no more than it may be at any number of sessions */
function isFlat(name) {
  const { most, least } = columns[name]
  const all = figures[name] ?? []
  return all.every((figure, at) => figure <= most * Math.max(least, Math.min(figure, ...all.slice(0, at))))
}

/** @param {number} size @returns {Promise<Measured>} */
async function measure(size) {
  const own = { bytes: measureMemory(size), waitUs: measureTimer(size), endUs: await measureEnds(size) }
  return { ...own, ...(await measureHeartbeats(size, plan)) }
}

/** @param {number} size @returns {number} bytes that the registry has for each */
function measureMemory(size) {
  const all = Array.from({ length: size }, (_, at) => sessionOf(at, hourMs))
  const before = heapUsed()
  const sessions = createSessions({ sessionsPerSubject: 'unlimited' })
  attachAll(sessions, all)
  const after = heapUsed()
  if (sessions.count() !== size) throw new Error('there should be a session for each')
  void sessions.revoke({ kind: 'everything' })
  sessions.close()
  // Kept until here.
  return all.length === size ? (after - before) / size : Number.NaN
}

/**
 * CPU time of what is done each second while none ends: it is done many times in turn, each a tenth later by the clock of the registry. So
 * the caches of the processor are warm, and it is not in it that a process has to wake up for it.
 * @param {number} size @returns {number} in microseconds
 */
function measureTimer(size) {
  const all = Array.from({ length: size }, (_, at) => sessionOf(at, hourMs + (hourMs * at) / size))
  let now = beganAt
  const sessions = createSessions({ sessionsPerSubject: 'unlimited', clock: () => /** @type {any} */ (now) })
  const { setInterval } = globalThis
  let look = () => {}
  globalThis.setInterval = /** @type {any} */ (
    (/** @type {() => void} */ work) => {
      look = work
      return setInterval(() => {}, hourMs)
    }
  )
  attachAll(sessions, all)
  globalThis.setInterval = setInterval
  heapUsed()
  const startedAt = process.cpuUsage()
  for (let looks = 0; looks < mostSeconds * looksInASecond; looks += 1) {
    now += 1000 / looksInASecond
    look()
  }
  const { user, system } = process.cpuUsage(startedAt)
  if (sessions.count() !== size) throw new Error('none should have ended')
  void sessions.revoke({ kind: 'everything' })
  sessions.close()
  return (user + system) / mostSeconds
}

/** CPU time for the end of a session. @param {number} size @returns {Promise<number>} in microseconds */
async function measureEnds(size) {
  // The clock of the registry stands still until all is ready, however long that takes.
  let startedAt = Number.POSITIVE_INFINITY
  const clock = () => beganAt + Math.max(0, performance.now() - startedAt)
  const sessions = createSessions({ sessionsPerSubject: 'unlimited', clock: /** @type {any} */ (clock) })
  attachAll(
    sessions,
    Array.from({ length: size }, (_, at) => sessionOf(at, (plan.spreadMs * (at + 1)) / size)),
  )
  await settle(settleMs)
  const seconds = []
  while (seconds.length < plan.idleSeconds) seconds.push(await cpuOfWaiting(1000))
  startedAt = performance.now()
  let cpuUs = 0
  while (sessions.count() > 0) cpuUs += await cpuOfWaiting(lookEveryMs)
  sessions.close()
  return Math.max(0, cpuUs - (Math.min(...seconds) * (performance.now() - startedAt)) / 1000) / size
}

/** @param {Sessions} sessions @param {readonly Session[]} all */
function attachAll(sessions, all) {
  for (const session of all) {
    const detach = sessions.attach(session, { close: () => detach(), destroy: () => detach() })
  }
}

/** @param {number} at @param {number} inMs @returns {Session} */
function sessionOf(at, inMs) {
  const id = createHash('sha256').update(String(at)).digest('base64url')
  const subject = `https://id.example#${at}`
  const bounds = { issuedAt: beganAt, admittedAt: beganAt, expiresAt: Math.ceil(beganAt + inMs) }
  const session = {
    id,
    subject,
    audience: 'chat',
    claims: {},
    clientAddress: '192.0.2.1',
    origin: 'https://app.example',
  }
  return /** @type {any} */ ({ ...session, ...bounds })
}
