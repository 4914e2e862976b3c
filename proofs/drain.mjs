/**
 * Proves that a gateway which is told to stop lets its clients go in order: each gets a close frame with 1012, spread over the window, and
 * none is reset, whether it is talking or not; nobody is let in once it has begun; and the exit code is 0. A client that reads nothing and
 * answers nothing does not keep the process beyond the deadline, though it does where the deadline is far.
 *
 *   npm run prove:drain                  2,000 WebSockets: half a minute
 *   npm run prove:drain -- --short       200: a quarter of a minute
 *
 * The gateway, its upstream and the clients are processes of their own. Ends with 1 where one of these does not hold.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { knock, openBlackhole, openClients } from './drain/clients.mjs'
import { askForTicket } from './load/client.mjs'
import { forms } from './load/forms.mjs'
import { startIssuer } from './load/issuer.mjs'

/** @import { Client } from './drain/clients.mjs' */

const { values: options } = parseArgs({ options: { short: { type: 'boolean', default: false } } })
const plan = options.short
  ? { sockets: 200, knocks: 20, windowMs: 4000, deadlineMs: 7000 }
  : { sockets: 2000, knocks: 100, windowMs: 5000, deadlineMs: 6500 }
// Requests under way have a second after the deadline. A machine that many share stands still for a while now and then.
const mostAfterDeadlineMs = 1000 + 2000
// Less than the two seconds after which the gateway cuts a client that does not answer a close frame, drain or not.
const silent = { deadlineMs: 200, mostMs: 1500, farDeadlineMs: 60_000, leastMs: 1900, tries: 3 }

const issuer = await startIssuer()
const { gateway: startGateway } = forms
if (startGateway === undefined) throw new Error('There is no gateway to prove this of.')
const { server, port, stop } = await startDraining(plan.windowMs, plan.deadlineMs)
try {
  const token = await issuer.token('alice')
  const unused = []
  for (let count = 0; count < plan.knocks; count += 1) unused.push(await askForTicket(port, token))
  const clients = await openClients(plan.sockets, { port, token })
  const blackhole = await openBlackhole({ port, token })
  const beganAt = performance.now()
  server.tell('SIGTERM')
  await server.said(/It stops/)
  const knocking = knockWith(unused)
  const code = await server.ended
  const tookMs = performance.now() - beganAt
  blackhole.destroy()
  const knocks = await knocking
  const fates = await Promise.all(clients.map(({ fate }) => fate))
  const isOrderly = report({ fates, knocks, code, tookMs, beganAt })
  const isCut = await cutsAtDeadline(token)
  console.log(isOrderly && isCut ? '\nThe drain is orderly.' : '\nTHE DRAIN IS NOT ORDERLY.')
  process.exitCode = isOrderly && isCut ? 0 : 1
} finally {
  await stop()
  issuer.stop()
}

/** @param {number} windowMs @param {number} deadlineMs */
function startDraining(windowMs, deadlineMs) {
  const flags = ['--drain-window-ms', String(windowMs), '--drain-deadline-ms', String(deadlineMs)]
  return startGateway(issuer.url, 600_000, flags)
}

/** Whether a silent client is cut at the deadline, and not before: the machine may stand still in a try, but not in all. @param {string} token */
async function cutsAtDeadline(token) {
  const farMs = await msToStopWithSilentClient(silent.farDeadlineMs, token)
  /** @type {number[]} */
  const tookMs = []
  while (tookMs.length < silent.tries && !tookMs.some((ms) => ms < silent.mostMs))
    tookMs.push(await msToStopWithSilentClient(silent.deadlineMs, token))
  console.log(
    `a silent client kept a process for ${Math.min(...tookMs)} ms with a deadline of ${silent.deadlineMs} ms, for ${farMs} ms with one of ${silent.farDeadlineMs} ms`,
  )
  return farMs >= silent.leastMs && Math.min(...tookMs) < silent.mostMs
}

/** @param {number} deadlineMs @param {string} token @returns {Promise<number>} */
async function msToStopWithSilentClient(deadlineMs, token) {
  const gateway = await startDraining(0, deadlineMs)
  try {
    const client = await openBlackhole({ port: gateway.port, token })
    const startedAt = performance.now()
    gateway.server.tell('SIGTERM')
    await gateway.server.ended
    client.destroy()
    return Math.round(performance.now() - startedAt)
  } finally {
    await gateway.stop()
  }
}

/** Shows one good ticket after the other while the drain lasts. @param {readonly string[]} tickets */
async function knockWith(tickets) {
  const answers = []
  for (const ticket of tickets) {
    answers.push(await knock(port, ticket))
    await pause(plan.windowMs / tickets.length / 2)
  }
  return answers
}

/**
 * @param {{ fates: Awaited<Client['fate']>[], knocks: (number | null)[], code: number | null, tookMs: number, beganAt: number }} seen
 * @returns {boolean} whether all of it holds
 */
function report({ fates, knocks, code, tookMs, beganAt }) {
  const closed = fates.filter((fate) => fate.code === 1012 && fate.reason === 'restarting')
  const reset = fates.filter(({ wasReset }) => wasReset)
  const at = closed.map((fate) => fate.at - beganAt).sort((one, other) => one - other)
  const spreadMs = (at.at(-1) ?? 0) - (at[0] ?? 0)
  const admitted = knocks.filter((status) => status === 101).length
  const refused = knocks.filter((status) => status === 503).length
  console.log(
    `${closed.length} of ${fates.length} clients saw 1012, over ${Math.round(spreadMs)} ms; ${reset.length} were reset`,
  )
  console.log(`${knocks.length} good tickets were shown meanwhile: ${admitted} admitted, ${refused} answered with 503`)
  console.log(`the process ended with ${code} after ${Math.round(tookMs)} ms; its deadline was ${plan.deadlineMs} ms`)
  const holds =
    closed.length === fates.length &&
    reset.length === 0 &&
    spreadMs >= plan.windowMs / 2 &&
    admitted === 0 &&
    refused > 0 &&
    code === 0 &&
    tookMs <= plan.deadlineMs + mostAfterDeadlineMs
  return holds
}
