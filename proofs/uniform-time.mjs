/**
 * Compares how long refusals take that must look alike: of tickets that are unknown, expired, spent, for another audience, from
 * another address, or shown with another key.
 *
 *   npm run prove:uniform-time                      in memory and on Redis, 2,000 rounds: about a minute
 *   npm run prove:uniform-time -- --rounds 500
 *
 * Each round asks once for each kind, and begins with another one each time, so that a drift of the machine favours none. Printed are
 * the median of each kind, and how often it took longer than an unknown ticket (the statistic of Mann and Whitney as a share): at 0.5
 * they cannot be told apart. Ends with 1 where medians are more than 0.25 ms apart: less is lost in any network.
 * @module
 */
import { parseArgs } from 'node:util'
import { createAdmission, createIssuer, generateKey, generateTicket, lockOfKey, refusals } from 'wsticket'
import { openStore } from 'wsticket/open-store'
import { createMemoryStore } from 'wsticket/stores/memory'
import { startRedis } from 'wsticket-engines/redis'

/** @import { EpochMs, TicketStore } from 'wsticket' */

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '2000' } } })
const rounds = Number(options.rounds)
const warmUps = 100
const mostApartMs = 0.25
const origin = 'https://app.example'
const here = '192.0.2.7'
const identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }

const redis = await startRedis()
const onRedis = await openStore(redis.url)
const verdicts = [await compare('memory', createMemoryStore()), await compare('redis', onRedis)]
await onRedis.close()
await redis.dispose()
const uniform = verdicts.every(Boolean)
console.log(uniform ? '\nTheir time does not tell refusals apart.' : '\nTHEIR TIME TELLS REFUSALS APART.')
process.exitCode = uniform ? 0 : 1

/** @param {string} name @param {TicketStore} store @returns {Promise<boolean>} */
async function compare(name, store) {
  const kinds = kindsOn(store)
  const tookMs = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, /** @type {number[]} */ ([])]))
  const entries = Object.entries(kinds)
  for (let round = -warmUps; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const [kind, prepare] = /** @type {(typeof entries)[number]} */ (
        entries[(round + warmUps + turn) % entries.length]
      )
      const refuse = await prepare()
      const startedAt = performance.now()
      const decision = await refuse()
      const took = performance.now() - startedAt
      if (decision.kind !== 'refused' || refusals[decision.code].publicCode !== 'invalid_ticket')
        throw new Error(`${kind} is not refused as a ticket that is no good`)
      if (round >= 0) tookMs[kind]?.push(took)
    }
  }
  return report(name, tookMs)
}

/** @param {TicketStore} store */
function kindsOn(store) {
  let now = Date.now()
  const clock = () => /** @type {EpochMs} */ (now)
  const issuer = createIssuer({ store, audiences: ['chat', 'feed'], ticketsPerSubject: 'unlimited', clock })
  const limits = /** @type {const} */ ({ everybody: 'unlimited', perAddress: 'unlimited' })
  const rules = /** @type {const} */ ({ audience: 'chat', origins: [origin], addressPolicy: 'exact' })
  const admission = createAdmission({ store, ...rules, limits, clock })
  const issue = async (audience = 'chat', context = {}) => {
    const issued = await issuer.issue(identity, { audience }, { clientAddress: here, origin, ...context })
    if (typeof issued === 'string') throw new Error(issued)
    return issued.ticket
  }
  const show =
    (/** @type {string[]} */ ...offered) =>
    () =>
      admission.admit(openingOf(offered))
  const key = generateKey()
  return {
    unknown: async () => show(generateTicket(), key),
    spent: async () => {
      const ticket = await issue()
      await show(ticket)()
      return show(ticket, key)
    },
    expired: async () => {
      const ticket = await issue()
      now += 30_000
      return show(ticket, key)
    },
    'another audience': async () => show(await issue('feed', { lock: lockOfKey(key) }), key),
    'another address': async () => show(await issue('chat', { clientAddress: '192.0.2.1', lock: lockOfKey(key) }), key),
    'another key': async () => show(await issue('chat', { lock: lockOfKey(generateKey()) }), key),
  }
}

/** @param {readonly string[]} offered */
function openingOf(offered) {
  const headers = {
    Host: 'ws.example',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    Origin: origin,
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': ['wsticket.v1', ...offered].join(', '),
  }
  const rawHeaders = Object.entries(headers).flat()
  return { method: 'GET', httpVersion: '1.1', target: '/ws', rawHeaders, peerAddress: here }
}

/** @param {string} name @param {{ [kind: string]: number[] }} tookMs */
function report(name, tookMs) {
  const unknown = tookMs.unknown ?? []
  const usual = medianOf(unknown)
  let uniform = true
  for (const [kind, took] of Object.entries(tookMs)) {
    const median = medianOf(took)
    uniform &&= Math.abs(median - usual) < mostApartMs
    const share = shareLonger(took, unknown).toFixed(2)
    console.log(
      `${name.padEnd(8)} ${kind.padEnd(18)} median ${(median * 1000).toFixed(0)} us, longer than unknown: ${share}`,
    )
  }
  return uniform
}

/** @param {readonly number[]} values */
function medianOf(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** Of all pairs. @param {readonly number[]} ones @param {readonly number[]} others */
function shareLonger(ones, others) {
  const sorted = [...others].sort((a, b) => a - b)
  const below = ones.reduce((sum, one) => sum + countBelow(sorted, one), 0)
  return below / (ones.length * others.length)
}

/** @param {readonly number[]} sorted @param {number} limit */
function countBelow(sorted, limit) {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (/** @type {number} */ (sorted[middle]) < limit) low = middle + 1
    else high = middle
  }
  return low
}
