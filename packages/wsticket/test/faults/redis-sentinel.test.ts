/**
 * Failovers that sentinels decide, with tickets coming and going (F9, F13).
 */
import { createSentinel } from 'redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { heldUpMs } from 'wsticket-engines/held-up'
import { isInStep } from 'wsticket-engines/redis'
import { type RedisSentinel, startRedisSentinel } from 'wsticket-engines/redis-sentinel'
import { until } from 'wsticket-engines/until'
import { fromNodeRedis, nodeRedisSentinelOptions } from '../../src/drivers/node-redis.ts'
import { expectAnswers } from './expect-answers.ts'
import { issueOne } from './issuing.ts'
import { startLoad } from './load.ts'
import { long } from './proof-size.ts'
import { connectSentinel } from './redis-clients.ts'
import {
  backWithinMs,
  controls,
  fenced,
  issue,
  patient,
  replicated,
  saveSnapshot,
  settledWithinMs,
  storesAt,
  storesAtAll,
  storesOver,
  ticketCount,
} from './redis-harness.ts'
import { createTally } from './tally.ts'

async function start(): Promise<RedisSentinel> {
  const sentinel = await startRedisSentinel()
  onTestFinished(sentinel.dispose)
  return sentinel
}

const rounds = long ? 10 : 1

describe.each(Array.from({ length: rounds }, (_, index) => index + 1))(
  'round %i: the primary is killed (kill -9)',
  () => {
    it('under load: no ticket twice, every answer in time, new tickets soon, and its snapshot resurrects none', async () => {
      const sentinel = await start()
      const old = await sentinel.primary()
      const stores = await storesOver(fenced, connectSentinel(sentinel))
      const patientStores = await storesOver(patient, connectSentinel(sentinel))
      const tally = createTally()
      const snapshot = await issue(stores[0])
      await saveSnapshot(old)
      expect(await tally.present(snapshot, patientStores)).toEqual({ redeemed: ticketCount, spent: 3 * ticketCount })
      const load = startLoad(stores)
      await until('the tickets flow', () => load.tally.admitted >= 100)
      const promoted = sentinel.failover()
      const recovered = load.recovery()
      const current = await promoted
      const failedOverAt = performance.now()
      await recovered
      const sinceFailover = performance.now() - failedOverAt
      // Until the sentinels make it a replica, it is a second primary, with the tickets of its snapshot.
      await old.restart()
      const after = await storesAtAll(patient, [old, current])
      expectAnswers(await tally.present(snapshot, after), { unknown: 8 * ticketCount })
      const report = await load.stop()
      expect(report.admittedTwice).toBe(0)
      expect(tally.admittedTwice).toBe(0)
      expect(report.slowestMs).toBeLessThan(settledWithinMs + heldUpMs())
      expect(sinceFailover).toBeLessThan(backWithinMs + heldUpMs())
    })
  },
)

it('over node-redis, a primary that was closed and opened again while it was replaced is let go', async () => {
  const { name, addresses, ...sentinel } = await start()
  const facade = createSentinel({ name, sentinelRootNodes: [...addresses], ...nodeRedisSentinelOptions })
  onTestFinished(() => facade.destroy())
  const driver = fromNodeRedis(facade)
  await facade.connect()
  const store = fenced.create(driver)
  await until('a ticket is issued', () => issueOne(store))
  const node = await facade._execute(false, async (client) => client)
  const old = await sentinel.primary()
  await sentinel.failover()
  await until('the facade has closed it', () => !node.isOpen)
  await old.restart()
  await until('the old one follows', () => isInStep(old))
  // As the driver does with a line on which an answer was late, had it begun a moment before.
  await node.connect()
  await until('tickets are issued again', () => issueOne(store), 10_000)
  expect(node.isReady).toBe(true)
})

describe('the primary stands still, is replaced, and goes on as if nothing had been', () => {
  it('and a ticket is good on one of the two; without the fence it is good on both', async () => {
    const sentinel = await start()
    const old = await sentinel.primary()
    const [replica] = await sentinel.replicas()
    const kinds = [patient, ...controls]
    const before = await Promise.all(kinds.map((kind) => storesAt(kind, old)))
    const ids = await Promise.all(before.map(([store]) => issue(store)))
    await replicated(old, replica as typeof old)
    await sentinel.hasten()
    old.freeze()
    const current = await until('another one is named', async () => {
      const named = await sentinel.primary()
      return named !== old && (await named.command('ROLE')).startsWith('master') ? named : null
    })
    old.thaw()
    const tallies = await Promise.all(
      kinds.map(async (kind, index) => {
        const tally = createTally()
        await tally.present(ids[index] ?? [], [...(before[index] ?? []), ...(await storesAt(kind, current))])
        return tally
      }),
    )
    expect(await old.command('ROLE')).toMatch(/^master/)
    expect(tallies.map(({ admitted }) => admitted)).toEqual(kinds.map(() => ticketCount))
    expect(tallies.map(({ admittedTwice }) => admittedTwice > 0)).toEqual([false, true, true])
  })
})
