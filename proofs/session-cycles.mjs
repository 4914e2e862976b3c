/**
 * Proves that nothing is left of a session that is over: a hundred thousand WebSockets are opened and closed, in every way that a client has,
 * at a server made with the library, and at the gateway. Afterwards there is no session, no socket and no timer more than before, and
 * the heap is as it was.
 *
 *   npm run prove:cycles                 100,000 cycles at each: some minutes
 *   npm run prove:cycles -- --short      2,000 at each, the two at once: a quarter of a minute
 *   npm run prove:cycles -- --cycles 20000 --form gateway
 *
 * Ends with 1 where something is left.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cycle } from './cycles/client.mjs'
import { forms } from './load/forms.mjs'
import { startIssuer } from './load/issuer.mjs'
import { footprintOf } from './load/processes.mjs'

/** @import { Footprint } from './load/probe.mjs' */
/** @import { Attacked, Form } from './load/forms.mjs' */

const { values: options } = parseArgs({
  options: { cycles: { type: 'string' }, form: { type: 'string' }, short: { type: 'boolean', default: false } },
})
const cycles = Number(options.cycles ?? (options.short ? 2000 : 100_000))
const warmUpCycles = 400
const atOnce = 16
// Spent tickets are kept until they would have ended, and go when the next one is issued.
const ticketLifetimeMs = options.short ? 0 : 32_000
const settleMs = options.short ? 1000 : 3000
const mostKept = 4 * 2 ** 20
// Connections for tickets stay open for a while, each with timers of its own.
const mostMoreObjects = 64
const drainDeadlineMs = 30_000
const drainFlags = ['--drain-window-ms', '0', '--drain-deadline-ms', String(drainDeadlineMs)]

const chosen = Object.entries(forms).filter(([name]) => options.form === undefined || options.form === name)
if (chosen.length === 0 || !Number.isInteger(cycles) || cycles < 100) {
  console.error(`There are ${Object.keys(forms).join(' and ')}, and 100 cycles at least.`)
  process.exit(2)
}

const issuer = await startIssuer()
const verdicts = []
for (const [name, form] of chosen) {
  const verdict = proveAt(name, form)
  verdicts.push(verdict)
  if (!options.short) await verdict
}
const isProven = (await Promise.all(verdicts)).every(Boolean)
issuer.stop()
console.log(isProven ? '\nNothing is left.' : '\nSOMETHING IS LEFT.')
process.exitCode = isProven ? 0 : 1

/** @param {string} name @param {Form} form @returns {Promise<boolean>} whether nothing is left */
async function proveAt(name, form) {
  const attacked = await form(issuer.url, 3_600_000, drainFlags)
  try {
    return await prove(name, attacked)
  } finally {
    await attacked.stop()
  }
}

/** @param {string} name @param {Attacked} attacked @returns {Promise<boolean>} */
async function prove(name, { server, port }) {
  const token = await issuer.token('alice')
  const run = (/** @type {number} */ count) => runCycles(count, { port, token })
  await run(warmUpCycles)
  await pause(settleMs)
  const before = await footprintOf(server)
  const startedAt = performance.now()
  await run(cycles)
  const tookMs = performance.now() - startedAt
  await pause(settleMs + ticketLifetimeMs)
  await run(atOnce)
  await pause(settleMs)
  const after = await footprintOf(server)
  console.log(`\n${name}: ${cycles} cycles in ${(tookMs / 1000).toFixed(1)} s`)
  const faults = [
    ...judge(before, after),
    ...(name === 'gateway' ? await judgeDrain(server) : await judgeCount(server)),
  ]
  for (const fault of faults) console.log(`  FAULT: ${fault}`)
  return faults.length === 0
}

/** @param {number} count @param {{ port: number, token: string }} server */
async function runCycles(count, server) {
  let begun = 0
  const inTurn = async () => {
    while (begun < count) {
      begun += 1
      await cycle(begun, server)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, inTurn))
}

/** @param {Footprint} before @param {Footprint} after @returns {string[]} */
function judge(before, after) {
  const faults = []
  const kept = after.kept - before.kept
  console.log(`  alive before ${mib(before.kept)}, after ${mib(after.kept)}; allowed ${mib(mostKept)} more`)
  if (kept > mostKept) faults.push(`${mib(kept)} more are alive than before`)
  for (const kind of /** @type {const} */ (['socketObjects', 'timerObjects'])) {
    console.log(`  ${kind}: before ${before[kind]}, after ${after[kind]}`)
    if (after[kind] > before[kind] + mostMoreObjects)
      faults.push(`${after[kind] - before[kind]} more ${kind} than before`)
  }
  return faults
}

/** @param {Attacked['server']} server @returns {Promise<string[]>} */
async function judgeCount(server) {
  const { sessions } = await server.ask('sessions')
  console.log(`  sessions: ${sessions}`)
  return sessions === 0 ? [] : [`${sessions} sessions are left`]
}

/** A session that is left would keep it until the deadline. @param {Attacked['server']} server @returns {Promise<string[]>} */
async function judgeDrain(server) {
  const startedAt = performance.now()
  server.tell('SIGTERM')
  const code = await server.ended
  const tookMs = performance.now() - startedAt
  console.log(`  sessions: none to drain, it ended with ${code} after ${Math.round(tookMs)} ms`)
  return code === 0 && tookMs < drainDeadlineMs / 2 ? [] : ['sessions are left: the gateway waited for them']
}

/** @param {number} bytes */
function mib(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
