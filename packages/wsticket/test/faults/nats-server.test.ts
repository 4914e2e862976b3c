/**
 * One server, with the bucket in its memory: what becomes of tickets when it dies, stands still, or loses its bucket (F21, F22).
 */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { headers } from '@nats-io/transport-node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { heldUpMs } from 'wsticket-engines/held-up'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { startNatsCluster } from 'wsticket-engines/nats-cluster'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { later, sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { startLoad } from './load.ts'
import { clientOf, issue, patient, settledWithinMs, storeAt, stream, ticketCount } from './nats-harness.ts'
import { long } from './proof-size.ts'
import { createTally } from './tally.ts'

const rounds = Array.from({ length: long ? 10 : 1 }, (_, index) => index + 1)
const backWithinMs = 5000

async function start(): Promise<NatsServer> {
  const server = await startNats()
  onTestFinished(() => server.dispose())
  return server
}

/** Verifiers, each over a connection of its own. */
function storesOn(server: NatsServer): Promise<[TicketStore, TicketStore, TicketStore]> {
  return Promise.all([storeAt([server]), storeAt([server]), storeAt([server])])
}

describe.each(rounds)('round %i: the server', (_round) => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'ends (%s) under load and starts again: no ticket twice, every answer in time, new tickets soon, old ones never',
    async (signal) => {
      const server = await start()
      const stores = await storesOn(server)
      const [spent, left] = [await issue(stores[0]), await issue(stores[0])]
      const tally = createTally()
      await Promise.all(spent.map((id) => tally.redeem(stores[0], id)))
      const load = startLoad(stores)
      await until('the tickets flow', () => load.tally.admitted >= 100)
      await server.stop(signal)
      await server.restart()
      expect(await load.recovery()).toBeLessThan(backWithinMs + heldUpMs())
      // What was asked before the end is late only now, and drops a line, which may be a new one already.
      const report = await load.stop()
      for (const store of stores) await until('each store is back, not only the first', () => store.inspect())
      const answers = await tally.presentUntilDecided([...spent, ...left], stores)
      expect(answers).toEqual({ unknown: 4 * ticketCount * stores.length })
      expect(report.admittedTwice).toBe(0)
      expect(tally.admittedTwice).toBe(0)
      expect(report.slowestMs).toBeLessThan(settledWithinMs + heldUpMs())
    },
  )

  it('stands still under load and goes on: no ticket twice, every answer in time, and new tickets soon', async () => {
    const server = await start()
    const load = startLoad(await storesOn(server))
    await until('the tickets flow', () => load.tally.admitted >= 100)
    server.freeze()
    const frozenAt = performance.now()
    await until('the stores have noticed', () => performance.now() - frozenAt > 2 * settledWithinMs)
    server.thaw()
    expect(await load.recovery()).toBeLessThan(backWithinMs + heldUpMs())
    const report = await load.stop()
    expect(report.admittedTwice).toBe(0)
    expect(report.refused).toBeGreaterThan(0)
    expect(report.slowestMs).toBeLessThan(settledWithinMs + heldUpMs())
  })
})

describe('a bucket on one of three servers', () => {
  it('is void when that server dies, and good again when it is back', async () => {
    const cluster = await startNatsCluster()
    onTestFinished(() => cluster.dispose())
    const openStores = (options = {}) => Promise.all(cluster.nodes.map((node) => storeAt([node], options)))
    const stores = await openStores()
    for (const store of stores) await until('the bucket is there', () => store.inspect())
    const host = await cluster.leaderOf(stream)
    const isElsewhere = (_: TicketStore, at: number) => cluster.nodes[at] !== host
    const elsewhere = stores.filter(isElsewhere) as [TicketStore, TicketStore]
    const patientElsewhere = (await openStores(patient)).filter(isElsewhere)
    const ids = await issue(elsewhere[0])
    const tally = createTally()
    expect(await tally.present(ids.slice(1), patientElsewhere)).toMatchObject({ redeemed: ticketCount - 1 })
    await host.stop('SIGKILL')
    expect(await tally.redeem(elsewhere[0], ids[0] as (typeof ids)[number])).toBe('unavailable')
    await host.restart()
    for (const store of elsewhere) await issue(store, 1)
    expect(await tally.presentUntilDecided(ids, elsewhere)).toEqual({ unknown: 4 * ticketCount })
    expect(tally.admittedTwice).toBe(0)
  })
})

describe('a copy of a server, put back', () => {
  it('of its files, has no ticket', async () => {
    const server = await start()
    const store = await storeAt([server])
    const ids = await issue(store)
    const copy = join(server.folder, 'copy')
    cpSync(join(server.folder, 'jetstream'), copy, { recursive: true })
    const tally = createTally()
    await tally.present(ids, [await storeAt([server], patient)])
    await server.stop()
    rmSync(join(server.folder, 'jetstream'), { recursive: true })
    cpSync(copy, join(server.folder, 'jetstream'), { recursive: true })
    await server.restart()
    await until('it answers again', () => store.inspect())
    expect(await tally.presentUntilDecided(ids, [store])).toEqual({ unknown: 2 * ticketCount })
    expect(tally.admitted).toBe(ticketCount)
    expect(tally.admittedTwice).toBe(0)
  })

  it('of its bucket, cannot be made', async () => {
    const server = await start()
    await (await storeAt([server])).inspect()
    const { connection } = await clientOf(server)
    const request = JSON.stringify({ deliver_subject: 'backup', no_consumers: true, chunk_size: 65_536 })
    const answer = await connection.request(`$JS.API.STREAM.SNAPSHOT.${stream}`, request)
    expect(answer.json()).toMatchObject({ error: { description: expect.stringContaining('snapshot failed') } })
  })
})

describe('a bucket that is taken away from under its stores', () => {
  it('is made anew, without its tickets, when it was deleted', async () => {
    const server = await start()
    const stores = await storesOn(server)
    const ids = await issue(stores[0])
    const tally = createTally()
    await tally.present(ids.slice(1), stores)
    const { manager } = await clientOf(server)
    await manager.streams.delete(stream)
    await Promise.all(stores.map((store) => issue(store, 1)))
    const answers = await tally.presentUntilDecided(ids, stores)
    expect(answers).toEqual({ unknown: 2 * ticketCount * stores.length })
    expect(tally.admittedTwice).toBe(0)
  })

  it('admits nobody when it was sealed, and the store says so', async () => {
    const server = await start()
    const store = await storeAt([server])
    const ids = await issue(store)
    const { manager } = await clientOf(server)
    await manager.streams.update(stream, { sealed: true } as never)
    expect(await createTally().present(ids, [store])).toEqual({ unavailable: 2 * ticketCount })
    await expect((await storeAt([server])).inspect()).rejects.toThrow('bucket wsticket is sealed: use another')
  })
})

describe('the age of what is in a bucket', () => {
  it('is no matter of a message here: a server before 2.11 takes a lifetime and ignores it', async () => {
    const server = await start()
    const store = await storeAt([server])
    const { client, manager } = await clientOf(server)
    await store.inspect()
    const withLifetime = headers()
    withLifetime.set('Nats-TTL', '1s')
    await client.publish('$KV.wsticket.mortal', 'still there', { headers: withLifetime })
    const issuedAt = systemClock()
    const record = sampleRecord(issuedAt, { expiresAt: later(issuedAt, 1000) })
    await store.insert(record)
    const after = later(issuedAt, 1500)
    await until('its time is up', () => systemClock() > after)
    expect((await manager.streams.getMessage(stream, { last_by_subj: '$KV.wsticket.mortal' }))?.string()).toBe(
      'still there',
    )
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'expired' })
  })

  it('is that of the bucket: a record that may outlive what became of it is neither taken nor redeemed', async () => {
    const server = await start()
    const { client, manager } = await clientOf(server)
    await manager.streams.add({
      name: stream,
      subjects: ['$KV.wsticket.>'],
      storage: 'memory',
      discard: 'new',
      max_msgs_per_subject: 1,
      discard_new_per_subject: true,
      allow_direct: true,
      max_age: 1e9,
    })
    const store = await storeAt([server])
    const record = sampleRecord(systemClock())
    await expect(store.insert(record)).rejects.toMatchObject({ code: 'capacity' })
    await client.publish(`$KV.wsticket.${record.id}`, JSON.stringify(record))
    await expect(store.redeem(record.id, systemClock())).rejects.toMatchObject({ code: 'capacity' })
    await expect(store.read(record.id, systemClock())).rejects.toMatchObject({ code: 'capacity' })
  })
})
