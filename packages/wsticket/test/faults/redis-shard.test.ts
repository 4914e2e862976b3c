/** A cluster of which one primary stands still, and nobody takes over from it. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type RedisCluster, startRedisCluster } from 'wsticket-engines/redis-cluster'
import { until } from 'wsticket-engines/until'
import { slotOf } from '../../src/redis-slot.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { long } from './proof-size.ts'
import { connectCluster } from './redis-clients.ts'
import { fenced, issue, type StoreKind, storesOver } from './redis-harness.ts'
import { type Answer, createTally } from './tally.ts'

const frozenForMs = long ? 30_000 : 5000
const betweenMs = 20
/** Waits longer than a machine stands still that many share, and drops the line to a primary sooner than the client does. */
const ours: StoreKind<TicketStore> = {
  ...fenced,
  create: (driver) => createRedisStore(driver, { deadlineMs: 2500 }),
}

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster()
})
afterAll(() => cluster?.dispose())

const keyOf = (id: TicketId) => `wsticket:${id}`
// The first of three has the first third.
const isOfTheFirst = (id: TicketId) => slotOf(keyOf(id)) <= 16_384 / 3 - 1

/** Issues as many as are presented, some at a time. */
async function issueAll(store: TicketStore): Promise<TicketId[]> {
  const ids: TicketId[] = []
  while (ids.length < (2 * frozenForMs) / betweenMs) ids.push(...(await issue(store, 25)))
  return ids
}

it.each(['ioredis', 'node-redis'])(
  'over %s: the tickets of the other primaries are redeemed all the while, and its own when it goes on',
  { timeout: frozenForMs + 60_000 },
  async (client) => {
    const stores = await storesOver(ours, connectCluster(cluster))
    const store = stores[client === 'ioredis' ? 0 : 1]
    const ids = await issueAll(store)
    const [own, others] = [ids.filter(isOfTheFirst), ids.filter((id) => !isOfTheFirst(id))]
    const frozen = await cluster.nodeOf(keyOf(own[0] as TicketId))
    const tally = createTally()
    frozen.freeze()
    onTestFinished(() => frozen.thaw())
    const from = performance.now()
    const answers: { readonly own: Promise<Answer>[]; readonly others: Promise<Answer>[] } = { own: [], others: [] }
    for (let at = 0; performance.now() < from + frozenForMs; at += 1) {
      answers.own.push(tally.redeem(store, own[at % own.length] as TicketId))
      const other = others[at]
      if (other !== undefined) answers.others.push(tally.redeem(store, other))
      await pause(betweenMs)
    }
    expect(new Set(await Promise.all(answers.own))).toEqual(new Set(['unavailable']))
    const elsewhere = await Promise.all(answers.others)
    expect(elsewhere.filter((answer) => answer !== 'redeemed')).toEqual([])
    frozen.thaw()
    await until('its own are redeemed again', async () => {
      const id = (await issue(store, 20)).find(isOfTheFirst)
      return id !== undefined && (await tally.redeem(store, id)) === 'redeemed'
    })
    expect(tally.admittedTwice).toBe(0)
  },
)
