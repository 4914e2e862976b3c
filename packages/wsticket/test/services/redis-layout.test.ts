/**
 * What stands in Redis, and what is sent to it: docs/protocol.md holds programs in other languages to the same.
 */
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { writeRecord } from '../../src/record-text.ts'
import { createRedisScripts } from '../../src/redis-scripts.ts'
import { createRedisStore, type RedisStoreOptions } from '../../src/stores/redis.ts'
import { later, sampleLifetimeMs, sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketRecord } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { connections, type RedisConnection } from './redis-harness.ts'

let server: RedisServer
let connection: RedisConnection

beforeAll(async () => {
  server = await startRedis()
  connection = await connections.ioredis(server)
})
afterAll(async () => {
  await connection?.close()
  await server?.dispose()
})
beforeEach(() => server.command('FLUSHALL'))

function open(options: RedisStoreOptions = {}): TicketStore {
  return createRedisStore(connection.driver, options)
}

/** A store, a record in it, and the key of that. */
async function openWithRecord(options: RedisStoreOptions = {}) {
  const store = open(options)
  const record = sampleRecord(systemClock())
  await store.insert(record)
  return { store, record, key: `wsticket:${record.id}` }
}

async function fieldsOf(key: string): Promise<ReadonlyMap<string, string>> {
  const parts = (await server.command('HGETALL', key)).split('\n')
  return new Map(parts.flatMap((part, at) => (at % 2 === 0 ? [[part, parts[at + 1] ?? '']] : [])))
}

async function reign(): Promise<string> {
  const process = /run_id:(\w+)/.exec(await server.command('INFO', 'server'))?.[1]
  const history = /master_replid:(\w+)/.exec(await server.command('INFO', 'replication'))?.[1]
  return `${process} ${history}`
}

/** How often the server was asked for each command, scripts included, since its statistics were reset. */
async function calls(): Promise<{ readonly [command: string]: number }> {
  const lines = (await server.command('INFO', 'commandstats')).matchAll(/cmdstat_(\S+):calls=(\d+)/g)
  const counts = Array.from(lines, ([, name = '', count]) => [name, Number(count)] as const)
  return Object.fromEntries(counts.filter(([name]) => name !== 'config|resetstat'))
}

it('is a hash under the prefix and the id, with the record, its expiry, the reign and two markers', async () => {
  const { record, key } = await openWithRecord()
  expect(Object.fromEntries(await fieldsOf(key))).toEqual({
    record: writeRecord(record),
    expires: String(record.expiresAt),
    epoch: await reign(),
    unspent: '1',
    unrevoked: '1',
  })
})

it('loses one marker when it is spent, and the other when it is revoked', async () => {
  const { store, record: spent, key } = await openWithRecord()
  await store.redeem(spent.id, systemClock())
  expect([...(await fieldsOf(key)).keys()].sort()).toEqual(['epoch', 'expires', 'record', 'unrevoked'])
  const { record: revoked, key: other } = await openWithRecord()
  await store.revoke(revoked.id, systemClock())
  expect([...(await fieldsOf(other)).keys()].sort()).toEqual(['epoch', 'expires', 'record', 'unspent'])
})

it('goes two minutes after its expiry, whatever becomes of it', async () => {
  const { store, record, key } = await openWithRecord()
  const goesAt = String(record.expiresAt + 120_000)
  expect(await server.command('PEXPIRETIME', key)).toBe(goesAt)
  await store.redeem(record.id, systemClock())
  expect(await server.command('PEXPIRETIME', key)).toBe(goesAt)
})

it('has no reign where the fence is off, and is unknown across the two kinds of stores', async () => {
  const fenced = await openWithRecord()
  const unfenced = await openWithRecord({ epochFence: 'none_may_admit_twice' })
  expect((await fieldsOf(unfenced.key)).get('epoch')).toBe('none')
  for (const [mine, other] of [
    [fenced, unfenced],
    [unfenced, fenced],
  ] as const) {
    const { id } = other.record
    expect(await mine.store.redeem(id, systemClock())).toEqual({ kind: 'unknown' })
    expect(await mine.store.read(id, systemClock())).toEqual({ kind: 'unknown' })
    expect(await mine.store.revoke(id, systemClock())).toBe(false)
    expect((await other.store.redeem(id, systemClock())).kind).toBe('redeemed')
  }
})

it('is void in another reign: unknown, and not to be revoked; its id stays taken', async () => {
  const { store, record } = await openWithRecord()
  await server.command('DEBUG', 'CHANGE-REPL-ID')
  expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'unknown' })
  expect(await store.read(record.id, systemClock())).toEqual({ kind: 'unknown' })
  expect(await store.revoke(record.id, systemClock())).toBe(false)
  await expect(store.insert(record)).rejects.toMatchObject({ code: 'conflict' })
})

it('is left alone by the scripts on a replica, also on one that can be written to', async () => {
  const { record, key } = await openWithRecord()
  const replica = await startRedis({ replicaOf: server.port, arguments: ['--replica-read-only', 'no'] })
  onTestFinished(() => replica.dispose())
  const { insert, redeem, read, revoke } = createRedisScripts('required')
  for (const { text } of [redeem, read, revoke])
    await expect(replica.command('EVAL', text, '1', key, String(systemClock()))).rejects.toThrow(/^READONLY /)
  await expect(replica.command('EVAL', insert.text, '1', 'new', '{}', '1', '2')).rejects.toThrow(/^READONLY /)
  expect(await replica.command('HMGET', key, 'unspent', 'unrevoked', 'record')).toBe(`1\n1\n${writeRecord(record)}`)
  expect(await replica.command('EXISTS', 'new')).toBe('0')
})

it.each<[string, (record: TicketRecord) => string]>([
  ['is no JSON', () => 'nothing'],
  ['is that of another ticket', (record) => writeRecord({ ...record, id: sampleRecord(record.issuedAt).id })],
])('admits nobody on a record that %s', async (_, tamper) => {
  const { store, record, key } = await openWithRecord()
  await server.command('HSET', key, 'record', tamper(record))
  await expect(store.read(record.id, systemClock())).rejects.toMatchObject({ code: 'corrupt' })
  await until('the line was made anew', () => store.inspect())
  await expect(store.redeem(record.id, systemClock())).rejects.toMatchObject({ code: 'corrupt' })
  await until('the line was made anew', () => store.inspect())
  expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'spent' })
})

it.each(['record', 'expires'])('admits nobody on a hash without %s', async (field) => {
  const { store, record, key } = await openWithRecord()
  await server.command('HDEL', key, field)
  await expect(store.redeem(record.id, systemClock())).rejects.toMatchObject({ name: 'StoreError' })
  await until('the line was made anew', () => store.inspect())
})

it('goes by the expiry in the record where the field beside it says something else', async () => {
  const { store, record, key } = await openWithRecord()
  await server.command('HSET', key, 'expires', String(record.expiresAt + sampleLifetimeMs))
  expect(await store.redeem(record.id, later(systemClock(), sampleLifetimeMs))).toEqual({ kind: 'expired' })
})

it('takes one command for each thing that is done, and one look at the reign', async () => {
  const store = open()
  const records = Array.from({ length: 10 }, () => sampleRecord(systemClock()))
  for (const record of records) await store.insert(record)
  await store.redeem(sampleRecord(systemClock()).id, systemClock())
  await server.command('CONFIG', 'RESETSTAT')
  for (const { id } of records) await store.redeem(id, systemClock())
  expect(await calls()).toEqual({ evalsha: 10, info: 20, hmget: 10, hdel: 10 })
})

it('tells a server its scripts when it has forgotten them, once', async () => {
  const { store, record } = await openWithRecord()
  await store.redeem(record.id, systemClock())
  await server.command('SCRIPT', 'FLUSH')
  await server.command('CONFIG', 'RESETSTAT')
  for (let time = 0; time < 3; time += 1)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'spent' })
  const { evalsha, eval: evaluated } = await calls()
  expect([evalsha, evaluated]).toEqual([3, 1])
})

/** Issues until that is refused. */
async function fill(store: TicketStore): Promise<{ records: TicketRecord[]; refusal: unknown }> {
  const records: TicketRecord[] = []
  for (;;) {
    const record = sampleRecord(systemClock())
    const refusal: unknown = await store.insert(record).catch((error: unknown) => error)
    if (refusal !== undefined) return { records, refusal }
    records.push(record)
  }
}

it('spends, revokes and reads when there is no memory left to issue, and has lost nothing', async () => {
  const store = open()
  const used = Number(/used_memory:(\d+)/.exec(await server.command('INFO', 'memory'))?.[1])
  await server.command('CONFIG', 'SET', 'maxmemory', String(used + 400_000))
  onTestFinished(async () => void (await server.command('CONFIG', 'SET', 'maxmemory', '0')))
  const { records, refusal } = await fill(store)
  expect(refusal).toMatchObject({ name: 'StoreError', code: 'capacity' })
  expect(records.length).toBeGreaterThan(10)
  const [voided, ...others] = records as [TicketRecord, ...TicketRecord[]]
  expect(await store.revoke(voided.id, systemClock())).toBe(true)
  for (const record of others) {
    expect((await store.read(record.id, systemClock())).kind).toBe('pending')
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
  }
})
