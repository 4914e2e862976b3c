/**
 * Proves that clients come back to a service as the client documents: thousands of WebSockets, opened with our client, are on one node, which is
 * killed. All of them come back at another with a new ticket, nobody is lost, none is there twice, and tickets are asked for evenly
 * over five seconds. Before that some are cut off that come back without a delay: a storm, which has to be noticed.
 *
 *   npm run prove:reconnect                  5,000 WebSockets: a minute or two. Draws docs/images/reconnect.svg
 *   npm run prove:reconnect -- --short       200: some seconds. Draws nothing, and bears a busy machine
 *
 * The issuer, the nodes, Redis between them and the clients are processes of their own. When tickets are asked for is measured at the issuer,
 * and at the clients, for a machine that has too much to do spreads by itself what arrives. Ends with 1 where one of these does not hold.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startRedis } from 'wsticket-engines/redis'
import { startIssuer } from './load/issuer.mjs'
import { pathOf, start } from './load/processes.mjs'
import { measure, unevennessOf } from './reconnect/arrivals.mjs'
import { plot } from './reconnect/plot.mjs'

/** @import { Arrivals } from './reconnect/arrivals.mjs' */
/** @import { Experience, Home } from './reconnect/clients.mjs' */
/** @import { Running } from './load/processes.mjs' */

/**
 * @typedef {object} Return of some clients
 * @property {number} clients
 * @property {number} open clients that have a WebSocket
 * @property {number} sessions at the node
 * @property {Arrivals} wanted when tickets were wanted, at the clients
 * @property {Arrivals} arrived when tickets were asked for, at the issuer
 * @property {string[]} failures
 */

const { values: options } = parseArgs({ options: { short: { type: 'boolean', default: false } } })
// A machine that many share stands still for a second now and then, and who would have come meanwhile comes together behind it: twice
// as many as their share are its doing. Where other tests run beside, it is more than a second.
const plan = options.short
  ? { clients: 200, thoughtless: 200, processes: 2, mostTimesShare: 4 }
  : { clients: 5000, thoughtless: 400, processes: 4, mostTimesShare: 2.5 }
const patienceMs = 120_000
const picture = pathOf('../../docs/images/reconnect.svg')

const issuer = await startIssuer()
const redis = await startRedis()
const tickets = start(pathOf('../reconnect/ticket-server.mjs'), [issuer.url, redis.url])
const nodes = Array.from({ length: 3 }, () => start(pathOf('../revocation/node.mjs'), [redis.url]))
const crowds = Array.from({ length: plan.processes }, () => start(pathOf('../reconnect/clients.mjs'), []))
try {
  process.exitCode = (await prove()) ? 0 : 1
} finally {
  await Promise.all([tickets, ...nodes, ...crowds].map((each) => each.stop()))
  await redis.dispose()
  issuer.stop()
}

async function prove() {
  const [first, second, third] = /** @type {[Running, Running, Running]} */ (nodes)
  await open(plan.thoughtless, first)
  const storm = await kill(first, { to: second, delay: 'none' }, plan.thoughtless)
  report('that wait for nothing, to see that it is noticed', storm, faultsOf(storm))
  await open(plan.clients - plan.thoughtless, second)
  const orderly = await kill(second, { to: third, delay: 'spread' }, plan.clients)
  report('that wait as reconnectDelayMs says', orderly, faultsOf(orderly))
  const holds = faultsOf(orderly).length === 0 && stormsOf(storm).length > 0 && lossesOf(storm).length === 0
  if (holds && !options.short) writeFileSync(picture, plot(orderly, storm))
  console.log(holds ? '\nThey come back one after the other.' : '\nTHEY DO NOT COME BACK AS THEY SHOULD.')
  return holds
}

/** Opens so many more. @param {number} count @param {Running} node */
async function open(count, node) {
  await tellHome({ node: await addressOf(node), delay: 'spread' })
  const ticketUrl = `${await tickets.url()}/tickets`
  const before = await countOpen()
  for (const crowd of crowds) {
    const names = Array.from({ length: count / plan.processes }, () => randomUUID())
    const tokens = await Promise.all(names.map((name) => issuer.token(name)))
    await crowd.ask({ crowd: { ticketUrl, tokens } })
  }
  await untilOpen(before + count)
}

/**
 * Kills a node, and tells what came of it.
 * @param {Running} node @param {{ to: Running, delay: Home['delay'] }} where @param {number} clients
 * @returns {Promise<Return>}
 */
async function kill(node, { to, delay }, clients) {
  const home = { node: await addressOf(to), delay }
  await tellHome(home)
  const killedAt = performance.timeOrigin + performance.now()
  await node.stop()
  await untilOpen(clients)
  const { askedAt } = await tickets.ask('arrivals')
  const { sessions } = await to.ask('sessions')
  const experiences = await tellHome(home)
  const sinceKill = (/** @type {number[]} */ moments) => ({
    at: moments.map((moment) => moment - killedAt).filter((ms) => ms >= 0),
    clients,
  })
  return {
    clients,
    open: await countOpen(),
    sessions,
    wanted: sinceKill(experiences.flatMap((each) => each.askedAt)),
    arrived: sinceKill(askedAt),
    failures: experiences.flatMap((each) => each.failures),
  }
}

/** @param {Home} home @returns {Promise<Experience[]>} what they have seen since they were told the last one */
async function tellHome(home) {
  const answers = await Promise.all(crowds.map((crowd) => crowd.ask({ home })))
  return answers.map(({ experience }) => experience)
}

/** Until so many are open, or should have been long ago. @param {number} clients */
async function untilOpen(clients) {
  const deadline = performance.now() + patienceMs
  while ((await countOpen()) < clients && performance.now() < deadline) await pause(200)
}

/** @returns {Promise<number>} how many are at their new home */
async function countOpen() {
  const answers = await Promise.all(crowds.map((crowd) => crowd.ask({})))
  return answers.reduce((sum, answer) => sum + answer.open, 0)
}

/** @param {Running} node */
async function addressOf(node) {
  return (await node.url()).replace('http', 'ws')
}

/** @param {Return} seen @returns {string[]} */
function faultsOf(seen) {
  return [...lossesOf(seen), ...stormsOf(seen)]
}

/** @param {Return} seen @returns {string[]} */
function lossesOf({ clients, open: back, sessions }) {
  return [
    ...(back === clients ? [] : [`${clients - back} clients are lost`]),
    ...(sessions === clients ? [] : [`the node has ${sessions} sessions of ${clients} clients`]),
  ]
}

/** @param {Return} seen @returns {string[]} */
function stormsOf({ wanted, arrived }) {
  const { mostTimesShare } = plan
  return [
    ...unevennessOf('at the clients', wanted, mostTimesShare),
    ...unevennessOf('at the issuer', arrived, mostTimesShare),
  ]
}

/** @param {string} who @param {Return} seen @param {readonly string[]} faults */
function report(who, { clients, open: back, sessions, wanted, arrived, failures }, faults) {
  console.log(`\n${clients} clients ${who}: ${back} are back, with ${sessions} sessions at the other node`)
  for (const [where, arrivals] of Object.entries({
    'wanted at the clients': wanted,
    'asked for at the issuer': arrived,
  })) {
    const { most, timesShare, ahead } = measure(arrivals)
    const last = (Math.max(...arrivals.at) / 1000).toFixed(1)
    console.log(
      `  ${arrivals.at.length} tickets ${where} within ${last} s, at most ${most} in a second: ${timesShare.toFixed(2)} times its share; ${Math.round(100 * ahead)} % early`,
    )
  }
  console.log(`  ${failures.length} attempts came to nothing ${[...new Set(failures)].join(', ')}`)
  for (const fault of faults) console.log(`  NOT AS DOCUMENTED: ${fault}`)
}
