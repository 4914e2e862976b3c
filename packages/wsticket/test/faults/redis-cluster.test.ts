/**
 * A cluster whose slots move and whose primaries change (F14). One cluster for all scenarios: each leaves it well, but for the
 * last, which tears it apart.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heldUpMs } from 'wsticket-engines/held-up'
import { isInStep, type RedisServer } from 'wsticket-engines/redis'
import { type RedisCluster, startRedisCluster } from 'wsticket-engines/redis-cluster'
import { until } from 'wsticket-engines/until'
import type { TicketStore } from '../../src/ticket-store.ts'
import { issueAll } from './issuing.ts'
import { startLoad } from './load.ts'
import { connectCluster } from './redis-clients.ts'
import {
  backWithinMs,
  controls,
  dropping,
  fenced,
  halves,
  issue,
  patient,
  replicated,
  type StoreKind,
  scriptsRunBy,
  settledWithinMs,
  storesAt,
  storesAtAll,
  storesOver,
  ticketCount,
  withPrefix,
} from './redis-harness.ts'
import { createTally } from './tally.ts'

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster()
})
afterAll(() => cluster?.dispose())

// What stands between braces decides the slot: all tickets of this prefix are in one.
const prefix = '{one slot}:'
const inOneSlot: StoreKind<TicketStore> = withPrefix(patient, prefix)
const timedInOneSlot: StoreKind<TicketStore> = withPrefix(fenced, prefix)

interface Slot {
  readonly number: number
  readonly source: RedisServer
  readonly target: RedisServer
}

async function findSlot(): Promise<Slot> {
  await cluster.settled()
  const source = await cluster.nodeOf(prefix)
  const target = (await cluster.primaries()).find((node) => node !== source) as RedisServer
  return { number: await cluster.slotOf(prefix), source, target }
}

describe('a slot that moves', () => {
  it('admits each ticket at most once while half of them have moved (ASK), and voids those that did', async () => {
    const { number, source, target } = await findSlot()
    const stores = await storesOver(inOneSlot, connectCluster(cluster))
    const ids = await issue(stores[0])
    const migration = await cluster.beginMigration(number, target)
    const moved = await migration.moveKeys(ticketCount / 2)
    expect(moved).toBe(ticketCount / 2)
    const tally = createTally()
    const direct = await storesAtAll(inOneSlot, [source, target])
    const answers = await tally.present(ids, [...stores, ...direct])
    expect(tally.admitted).toBe(ticketCount - moved)
    expect(answers.unknown).toBe(2 * stores.length * moved)
    const issuedMeanwhile = await issueAll(stores[1], ticketCount)
    await migration.moveKeys()
    await migration.end()
    expect((await tally.present(ids, [...stores, ...direct])).redeemed).toBeUndefined()
    // They were issued where the slot was going, as the source had told the client (ASK).
    expect(await tally.present(issuedMeanwhile, stores)).toEqual({ redeemed: ticketCount, spent: 3 * ticketCount })
    expect(tally.admittedTwice).toBe(0)
  })

  it('admits each ticket at most once while keys move one by one', async () => {
    const { number, target } = await findSlot()
    const stores = await storesOver(inOneSlot, connectCluster(cluster))
    const ids = await issue(stores[0], 4 * ticketCount)
    const migration = await cluster.beginMigration(number, target)
    const tally = createTally()
    let moving = true
    const moved = (async () => {
      while ((await migration.moveKeys(1)) > 0);
      await migration.end()
      moving = false
    })()
    for (const id of ids) await Promise.all(stores.map((store) => tally.redeem(store, id)))
    await moved
    expect(moving).toBe(false)
    await tally.present(ids, stores)
    expect(tally.admitted).toBeGreaterThan(0)
    expect(tally.admitted).toBeLessThan(ids.length)
    expect(tally.admittedTwice).toBe(0)
  })

  it('and comes back: what was spent stays spent, what was pending is good again, once', async () => {
    const { number, source, target } = await findSlot()
    const stores = await storesOver(inOneSlot, connectCluster(cluster))
    const { spent, pending } = halves(await issue(stores[0]))
    const tally = createTally()
    await tally.present(spent, stores)
    await cluster.migrateSlot(number, target)
    expect(await tally.present([...spent, ...pending], stores)).toEqual({ unknown: 4 * ticketCount })
    await cluster.migrateSlot(number, source)
    expect(await tally.present(spent, stores)).toEqual({ spent: 2 * ticketCount })
    const half = ticketCount / 2
    expect(await tally.present(pending, stores)).toEqual({ redeemed: half, spent: 3 * half })
    expect(tally.admittedTwice).toBe(0)
  })

  it('and a copy that an interrupted move left behind, put back over a spent ticket, makes it good once more', async () => {
    const { number, source, target } = await findSlot()
    const stores = await storesOver(inOneSlot, connectCluster(cluster))
    const ids = await issue(stores[0])
    const keys = ids.map((id) => `${prefix}${id}`)
    const migrate = (from: RedisServer, to: RedisServer, ...how: string[]) =>
      from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', ...how, 'KEYS', ...keys)
    await cluster.beginMigration(number, target)
    await migrate(source, target, 'COPY')
    const tally = createTally()
    await tally.present(ids, stores)
    await migrate(target, source, 'REPLACE')
    for (const node of [source, target]) await node.command('CLUSTER', 'SETSLOT', String(number), 'STABLE')
    await tally.present(ids, stores)
    expect(tally.admittedTwice).toBe(ticketCount)
  })
})

describe('a primary that drops its connections after it was asked and before it has answered', () => {
  it('is sent no redemption twice: what had no reply admits nobody', async () => {
    const { source } = await findSlot()
    const stores = await storesOver(inOneSlot, connectCluster(cluster))
    const ids = await issue(stores[0])
    const tally = createTally()
    await tally.present(await issue(stores[0], 1), stores)
    const answers = await dropping(source, () =>
      Promise.all(ids.map((id, index) => tally.redeem(stores[index % 2] as TicketStore, id))),
    )
    expect(answers).toEqual(ids.map(() => 'unavailable'))
    expect(await scriptsRunBy(source)).toBeLessThanOrEqual(ids.length)
    for (const store of stores) await until('it is reached again', () => store.inspect())
    await tally.present(ids, stores)
    expect(tally.admittedTwice).toBe(0)
  })
})

describe('a primary that is replaced', () => {
  it.each(['CLUSTER FAILOVER', 'CLUSTER FAILOVER TAKEOVER'])(
    'by %s under load: no ticket twice, every answer in time, new tickets soon',
    async (command) => {
      await cluster.settled()
      const old = await cluster.nodeOf(prefix)
      const replica = await cluster.replicaOf(old)
      const stores = await storesOver(timedInOneSlot, connectCluster(cluster))
      const before = await issue(stores[0])
      await replicated(old, replica)
      const load = startLoad(stores)
      await until('the tickets flow', () => load.tally.admitted >= 100)
      await replica.command(...(command.split(' ') as [string, string]))
      await until('it has the slot', async () => (await cluster.nodeOf(prefix)) === replica)
      expect(await load.recovery()).toBeLessThan(backWithinMs + heldUpMs())
      const report = await load.stop()
      expect(report.admittedTwice).toBe(0)
      expect(report.slowestMs).toBeLessThan(settledWithinMs + heldUpMs())
      const everywhere = [...stores, ...(await storesAtAll(timedInOneSlot, [old, replica]))]
      expect((await createTally().present(before, everywhere)).redeemed).toBeUndefined()
      await until('the old one follows', () => isInStep(old))
    },
  )

  it('after kill -9 under load: no ticket twice, every answer in time, new tickets soon', async () => {
    await cluster.settled()
    const stores = await storesOver(timedInOneSlot, connectCluster(cluster))
    const before = await issue(stores[0])
    const load = startLoad(stores)
    await until('the tickets flow', () => load.tally.admitted >= 100)
    const old = await cluster.killPrimaryOf(prefix)
    expect(await load.recovery()).toBeLessThan(backWithinMs + heldUpMs())
    const report = await load.stop()
    expect(report.admittedTwice).toBe(0)
    expect(report.slowestMs).toBeLessThan(settledWithinMs + heldUpMs())
    const tally = createTally()
    expect(await tally.presentUntilDecided(before, stores)).toEqual({ unknown: 4 * ticketCount })
    expect(tally.admitted).toBe(0)
    await old.restart()
    await until('the old one follows', () => isInStep(old))
  })
})

describe('a primary that has lost the others, and goes on beside the one that took over', () => {
  it('and a ticket is good on one of the two; without the fence it is good on both', async () => {
    await cluster.settled()
    const old = await cluster.nodeOf(prefix)
    const replica = await cluster.replicaOf(old)
    const kinds = [patient, ...controls].map((kind) => withPrefix(kind, prefix))
    const before = await Promise.all(kinds.map((kind) => storesAt(kind, old)))
    const ids = await Promise.all(before.map(([store]) => issue(store)))
    await replicated(old, replica)
    await isolate(old)
    await replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER')
    await until('it has taken over', async () => (await replica.command('ROLE')).startsWith('master'))
    const tallies = await Promise.all(
      kinds.map(async (kind, index) => {
        const tally = createTally()
        await tally.present(ids[index] ?? [], [...(before[index] ?? []), ...(await storesAt(kind, replica))])
        return tally
      }),
    )
    expect(await old.command('ROLE')).toMatch(/^master/)
    expect(tallies.map(({ admitted }) => admitted)).toEqual(kinds.map(() => ticketCount))
    expect(tallies.map(({ admittedTwice }) => admittedTwice > 0)).toEqual([false, true, true])
  })
})

/** It knows of no other node any more, and serves what it has. */
async function isolate(node: RedisServer): Promise<void> {
  await node.command('CONFIG', 'SET', 'cluster-require-full-coverage', 'no')
  for (const other of cluster.nodes.filter((each) => each !== node))
    await node.command('CLUSTER', 'FORGET', await other.command('CLUSTER', 'MYID'))
}
