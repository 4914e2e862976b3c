import type { StreamConfig } from '@nats-io/jetstream'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { type NatsCluster, startNatsCluster } from 'wsticket-engines/nats-cluster'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { fromNats } from '../../src/drivers/nats.ts'
import { writeRecord } from '../../src/record-text.ts'
import { createNatsStore, type NatsStoreOptions } from '../../src/stores/nats.ts'
import { later, sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { connectNats, messagesOf, type NatsClient } from './nats-harness.ts'

let server: NatsServer
let cluster: NatsCluster
beforeAll(async () => {
  server = await startNats()
  cluster = await startNatsCluster()
})
afterAll(async () => {
  await cluster?.dispose()
  await server?.dispose()
})

async function client(servers: string | readonly string[] = server.url): Promise<NatsClient> {
  const connected = await connectNats(servers)
  onTestFinished(() => connected.connection.close())
  return connected
}

async function open(options: NatsStoreOptions = {}, servers?: string | readonly string[]): Promise<TicketStore> {
  return createNatsStore(fromNats((await client(servers)).client), options)
}

/** How the store sets a bucket up, but for what is given. */
function configurationOf(bucket: string, changes: Partial<StreamConfig>): Partial<StreamConfig> & { name: string } {
  return {
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    storage: 'memory',
    discard: 'new',
    max_msgs_per_subject: 1,
    discard_new_per_subject: true,
    max_age: 600_000 * 1e6,
    allow_direct: true,
    ...changes,
  }
}

/** What a look finds wrong. Three servers that have just met, or made a bucket, may take longer to answer than a question may. */
function complaintOf(store: TicketStore): Promise<unknown> {
  return store.inspect().catch((error: unknown) => error)
}

const unsound = { replication: 'unsound_may_admit_twice' } as const
const newRecord = () => sampleRecord(systemClock())

it('creates a bucket in the memory of one server, and says what holds there', async () => {
  const store = await open({ bucket: 'one' })
  const { engine, guarantee, weaknesses } = await store.inspect()
  expect(engine).toMatch(/^nats \d+\.\d+\.\d+, 1 replica in memory$/)
  expect(guarantee).toContain('a restart of the server that has the bucket voids every ticket')
  expect(weaknesses).toEqual([expect.stringMatching(/^One server has the bucket/)])
  const { config } = await (await client()).manager.streams.info('KV_one')
  expect(config).toMatchObject({
    ...configurationOf('one', {}),
    retention: 'limits',
    num_replicas: 1,
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
  })
})

it('refuses several replicas on a server that may lose redemptions, until somebody accepts that', async () => {
  const store = await open({ bucket: 'refused', replicas: 3 }, cluster.urls)
  await expect
    .poll(() => complaintOf(store))
    .toMatchObject({
      name: 'ConfigurationError',
      option: 'replication',
      message: expect.stringMatching(/^replication may lose redemptions .*replicas: 1.*unsound_may_admit_twice/),
    })
  await expect(store.insert(newRecord())).rejects.toMatchObject({ code: 'unavailable' })
  await expect((await client(cluster.urls)).manager.streams.info('KV_refused')).rejects.toThrow('stream not found')
  const creating = await open({ ...unsound, bucket: 'refused', replicas: 3 }, cluster.urls)
  await until('the bucket is there', () => creating.inspect())
  await expect.poll(() => complaintOf(store)).toMatchObject({ option: 'replication' })
  const accepting = await open({ bucket: 'refused', replication: 'unsound_may_admit_twice' }, cluster.urls)
  const { guarantee, weaknesses, mayAdmitTwice } = await until('the bucket is looked at', () => accepting.inspect())
  expect(mayAdmitTwice).toBe(true)
  expect(guarantee).toContain('while every server that has the bucket runs')
  expect(weaknesses[0]).toContain('the ticket can be redeemed again')
})

it('creates a bucket in the files of three servers, and says what may be lost there', async () => {
  const store = await open({ ...unsound, bucket: 'three', replicas: 3, recordAgeMs: 90_000 }, cluster.urls)
  const { engine, weaknesses } = await until('the bucket is there', () => store.inspect())
  expect(engine).toMatch(/^nats \d+\.\d+\.\d+, 3 replicas in files$/)
  expect(weaknesses.slice(-3)).toEqual([
    expect.stringContaining('sync_interval'),
    expect.stringContaining('A copy of the files'),
    'Tickets that live longer than 30000 ms are not taken: raise the maximum age of the bucket.',
  ])
  const { config } = await (await client(cluster.urls)).manager.streams.info('KV_three')
  expect(config).toMatchObject({ storage: 'file', num_replicas: 3, max_age: 90_000 * 1e6 })
})

it('leaves a bucket as it is, whatever its own options say', async () => {
  await (await open({ bucket: 'kept', recordAgeMs: 120_000 })).inspect()
  await (await open({ bucket: 'kept', recordAgeMs: 700_000, replicas: 3 })).inspect()
  const { config } = await (await client()).manager.streams.info('KV_kept')
  expect(config).toMatchObject({ max_age: 120_000 * 1e6, num_replicas: 1 })
})

it('agrees on one bucket with others who create it at the same moment, with other options', async () => {
  const ages = [100_000, 200_000, 300_000, 400_000]
  const stores = await Promise.all(ages.map((recordAgeMs) => open({ bucket: 'contested', recordAgeMs })))
  await Promise.all(stores.map((store) => store.inspect()))
  const record = newRecord()
  await (stores[0] as TicketStore).insert({ ...record, expiresAt: later(record.issuedAt, 30_000) })
  const outcomes = await Promise.all(stores.map((store) => store.redeem(record.id, systemClock())))
  expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['redeemed', 'spent', 'spent', 'spent'])
})

it('says that the subjects of its bucket belong to another stream', async () => {
  await (await client()).manager.streams.add({ name: 'elsewhere', subjects: ['$KV.claimed.>'] })
  await expect((await open({ bucket: 'claimed' })).inspect()).rejects.toMatchObject({
    name: 'ConfigurationError',
    option: 'bucket',
    message: 'bucket claimed cannot be created: another stream has its subjects, name another',
  })
})

it.each<[string, string, Partial<StreamConfig>]>([
  ['history', 'set its history to 1', { max_msgs_per_subject: 5 }],
  ['discard', 'set discard to new', { discard: 'old', discard_new_per_subject: false }],
  ['replaceable', 'set discard_new_per_subject', { discard_new_per_subject: false }],
  ['ageless', 'give it a maximum age', { max_age: 0 }],
  ['file', 'use memory storage, or three replicas', { storage: 'file' }],
  ['workqueue', 'set its retention to limits', { retention: 'workqueue' }],
  ['unacknowledged', 'set it up without no_ack', { no_ack: true }],
])('refuses a bucket for its %s: %s', async (bucket, remedy, changes) => {
  await (await client()).manager.streams.add(configurationOf(bucket, changes))
  const store = await open({ bucket })
  const refusal = expect.stringMatching(new RegExp(`^bucket ${bucket} [^\n]*${remedy}`))
  await expect(store.inspect()).rejects.toMatchObject({
    name: 'ConfigurationError',
    option: 'bucket',
    message: refusal,
  })
  await expect(store.insert(newRecord())).rejects.toMatchObject({ code: 'unavailable' })
})

it('refuses a bucket that others fill, one that is sealed, and one in the memory of several servers', async () => {
  const { manager } = await client(cluster.urls)
  await manager.streams.add(configurationOf('origin', {}))
  const mirror = { ...configurationOf('mirror', { mirror: { name: 'KV_origin' } as never }), subjects: [] }
  await manager.streams.add(mirror)
  await manager.streams.add(configurationOf('sealed', { storage: 'file', num_replicas: 3 }))
  await manager.streams.update('KV_sealed', { sealed: true } as never)
  await manager.streams.add(configurationOf('amnesia', { num_replicas: 3 }))
  await manager.streams.add(configurationOf('bytes', { storage: 'file', num_replicas: 3, max_bytes: 100_000 }))
  for (const [bucket, problem] of [
    ['mirror', 'is filled from another stream'],
    ['sealed', 'is sealed'],
    ['amnesia', 'is kept in memory by several servers'],
    ['bytes', 'is limited in bytes'],
  ] as const) {
    const store = await open({ bucket }, cluster.urls)
    const message = expect.stringContaining(`bucket ${bucket} ${problem}`)
    await expect.poll(() => complaintOf(store)).toMatchObject({ message })
  }
})

it('says that there is no JetStream', async () => {
  const plain = await startNats({ jetstream: false })
  onTestFinished(() => plain.dispose())
  const store = await open({}, plain.url)
  await expect(store.inspect()).rejects.toMatchObject({
    name: 'ConfigurationError',
    message: 'jetstream reaches no JetStream: start nats-server with -js',
  })
})

it('takes no ticket that would outlive the memory of its redemption, with what to do', async () => {
  const store = await open({ bucket: 'short', recordAgeMs: 100_000 })
  const issuedAt = systemClock()
  const longLived = sampleRecord(issuedAt, { expiresAt: later(issuedAt, 40_001) })
  await expect(store.insert(longLived)).rejects.toMatchObject({
    code: 'capacity',
    message: 'the bucket keeps a record for 100000 ms, and this one needs 100001: raise its maximum age',
  })
  await store.insert({ ...longLived, expiresAt: later(issuedAt, 40_000) })
})

it('takes no more tickets when the bucket is full, drops none, and says beforehand that it is bounded', async () => {
  await (await client()).manager.streams.add(configurationOf('bounded', { max_msgs: 4 }))
  const store = await open({ bucket: 'bounded' })
  expect((await store.inspect()).weaknesses).toContainEqual(expect.stringContaining('limited in size'))
  const [one, other, third] = [newRecord(), newRecord(), newRecord()]
  for (const record of [one, other, third]) await store.insert(record)
  expect(await store.redeem(one.id, systemClock())).toEqual({ kind: 'redeemed', record: one })
  await expect(store.insert(newRecord())).rejects.toMatchObject({ code: 'capacity' })
  await expect(store.redeem(other.id, systemClock())).rejects.toMatchObject({ code: 'capacity' })
  expect(await store.redeem(one.id, systemClock())).toEqual({ kind: 'spent' })
  expect(await store.read(third.id, systemClock())).toEqual({ kind: 'pending', record: third })
})

it('keeps records as any key-value client reads them', async () => {
  const store = await open({ bucket: 'layout' })
  const [spent, voided] = [newRecord(), newRecord()]
  for (const record of [spent, voided]) await store.insert(record)
  await store.redeem(spent.id, systemClock())
  await store.revoke(voided.id, systemClock())
  const messages = await messagesOf(await client(), 'KV_layout')
  expect(Object.fromEntries(messages.map((message) => [message.subject, message.string()]))).toEqual({
    [`$KV.layout.${spent.id}`]: writeRecord(spent),
    [`$KV.layout.${spent.id}.end`]: 'redeemed',
    [`$KV.layout.${voided.id}`]: writeRecord(voided),
    [`$KV.layout.${voided.id}.end`]: 'revoked',
  })
})

it('reads from the leader alone where the replicas may not be asked', async () => {
  await (await client()).manager.streams.add(configurationOf('indirect', { allow_direct: false }))
  const store = await open({ bucket: 'indirect' })
  const record = newRecord()
  await store.insert(record)
  expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
})

it('lets nobody delete or purge what is in the bucket that it created', async () => {
  const store = await open({ bucket: 'guarded' })
  const record = newRecord()
  await store.insert(record)
  await store.redeem(record.id, systemClock())
  const { manager } = await client()
  await expect(manager.streams.purge('KV_guarded')).rejects.toThrow()
  await expect(manager.streams.deleteMessage('KV_guarded', 2)).rejects.toThrow()
  expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'spent' })
})

it('says that something under a key is no record, or no end of a ticket', async () => {
  const { client: jetstream } = await client()
  const store = await open({ bucket: 'foreign' })
  const [none, odd] = [newRecord(), newRecord()]
  await store.insert(odd)
  await jetstream.publish(`$KV.foreign.${none.id}`, 'no record')
  await jetstream.publish(`$KV.foreign.${odd.id}.end`, 'PURGED')
  for (const { id } of [none, odd])
    await expect(store.redeem(id, systemClock())).rejects.toMatchObject({ code: 'corrupt' })
})
