/**
 * What a live session costs: memory for each that is open, CPU time for each that ends in time, and for the timer that waits for them.
 *
 *   npm run bench:sessions              1,000, 10,000 and 100,000 sessions, five rounds of each in turn: about 3 minutes
 *   npm run bench:sessions -- --short   one round, with 100,000 left out: shows that it runs, its figures mean little
 *
 * The control of memory are the sessions themselves, kept in an array: an application has them anyway. The control of CPU is a process
 * with as many sessions of which none ends. Ends with 1 where a session takes more memory the more there are.
 * @module
 */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSessions } from 'wsticket'

/** @import { Session, Sessions } from 'wsticket' */

const { values: options } = parseArgs({ options: { short: { type: 'boolean', default: false } } })
const plan = options.short ? { rounds: 1, sizes: [1000, 10_000] } : { rounds: 5, sizes: [1000, 10_000, 100_000] }
const spreadMs = 4000
const settleMs = 1500
const hourMs = 3_600_000
const mostGrowth = 1.5

setFlagsFromString('--expose-gc')
const collect = /** @type {() => void} */ (runInNewContext('gc'))

/** @typedef {{ bytes: number, idleUs: number, endUs: number }} Measured */

/** @type {Map<number, Measured[]>} */
const measured = new Map(plan.sizes.map((size) => [size, []]))
for (let round = 0; round < plan.rounds; round += 1)
  for (const size of plan.sizes) measured.get(size)?.push(await measure(size))

console.log('sessions   bytes of heap each   CPU us a second, while none ends   CPU us for each that ends')
for (const [size, rounds] of measured) {
  const figures = [
    median(rounds, 'bytes').toFixed(0),
    median(rounds, 'idleUs').toFixed(0),
    median(rounds, 'endUs').toFixed(2),
  ]
  console.log(
    [String(size).padStart(8), ...figures.map((figure, at) => figure.padStart([20, 34, 27][at] ?? 0))].join(' '),
  )
}

const bytes = [...measured.values()].map((rounds) => median(rounds, 'bytes'))
if (Math.max(...bytes) > mostGrowth * Math.min(...bytes)) {
  console.error('Memory is not flat.')
  process.exitCode = 1
}

/** @param {number} size @returns {Promise<Measured>} */
async function measure(size) {
  const bytes = measureMemory(size)
  const idleUs = await cpuOf(size, hourMs, hourMs)
  const endUs = await cpuOf(size, 0, spreadMs)
  // As long as the one in which sessions end.
  return { bytes, idleUs: idleUs / ((spreadMs + settleMs) / 1000), endUs: Math.max(0, endUs - idleUs) / size }
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

/** CPU time while sessions wait, or end. @param {number} size @param {number} from @param {number} spread @returns {Promise<number>} in microseconds */
async function cpuOf(size, from, spread) {
  const sessions = createSessions({ sessionsPerSubject: 'unlimited' })
  attachAll(
    sessions,
    Array.from({ length: size }, (_, at) => sessionOf(at, from + (spread * at) / size)),
  )
  collect()
  const startedAt = process.cpuUsage()
  await pause(spreadMs + settleMs)
  const { user, system } = process.cpuUsage(startedAt)
  if (from === 0 && sessions.count() > 0) throw new Error(`${sessions.count()} sessions should have ended`)
  await sessions.revoke({ kind: 'everything' })
  sessions.close()
  return user + system
}

/** @param {Sessions} sessions @param {readonly Session[]} all */
function attachAll(sessions, all) {
  for (const session of all) {
    const detach = sessions.attach(session, { close: () => detach(), destroy: () => detach() })
  }
}

/** @param {number} at @param {number} inMs @returns {Session} */
function sessionOf(at, inMs) {
  const now = Date.now()
  const id = createHash('sha256').update(String(at)).digest('base64url')
  const subject = `https://id.example#${at}`
  const bounds = { issuedAt: now, admittedAt: now, expiresAt: Math.round(now + inMs) }
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

function heapUsed() {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/** @param {readonly Measured[]} rounds @param {keyof Measured} figure */
function median(rounds, figure) {
  const sorted = rounds.map((round) => round[figure]).toSorted((one, other) => one - other)
  return /** @type {number} */ (sorted[Math.floor(sorted.length / 2)])
}
