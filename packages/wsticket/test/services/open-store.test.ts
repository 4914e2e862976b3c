import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { forgetHeldUp, heldUpMs } from 'wsticket-engines/held-up'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres, unsynced } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { openSessionLog, openStore } from '../../src/open-store.ts'
import { sourceOf } from '../../src/store-source.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

beforeEach(forgetHeldUp)

/** An engine, and how many connections of others it has. */
interface Observed {
  readonly url: string
  connections(): Promise<number>
  freeze(): void
  thaw(): void
  dispose(): Promise<void>
}

async function observedRedis(): Promise<Observed> {
  const redis = await startRedis()
  // The one that asks is one of them.
  const connections = async () => (await redis.command('CLIENT', 'LIST')).trim().split('\n').length - 1
  return { ...redis, url: redis.url, connections }
}

async function observedPostgres(): Promise<Observed> {
  const postgres = await startPostgres(unsynced)
  const count = `SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
  return { ...postgres, connections: async () => Number(await postgres.query(count)) }
}

async function observedNats(): Promise<Observed> {
  const nats = await startNats()
  const ask = async () => ((await nats.monitor('/connz')) as { num_connections: number }).num_connections
  const connections = () => until('the server says it', ask)
  return { ...nats, connections }
}

async function open(url: string): Promise<TicketStore> {
  const store = await openStore(url)
  onTestFinished(() => store.close())
  return store
}

describe.each([
  ['redis', observedRedis],
  ['postgres', observedPostgres],
  ['nats', observedNats],
] as const)('a store of %s by URL', (name, start) => {
  let engine: Observed
  beforeAll(async () => {
    engine = await start()
  })
  afterAll(() => engine.dispose())

  it('is a store of that engine, over a client of its own, which ends with it', async () => {
    const store = await open(engine.url)
    const record = sampleRecord(systemClock())
    await store.insert(record)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
    expect(store.name).toBe(name)
    expect(await engine.connections()).toBeGreaterThan(0)
    await store.close()
    await expect.poll(() => engine.connections()).toBe(0)
  })

  it('is ended in time also where the engine says nothing', async () => {
    const store = await open(engine.url)
    await store.inspect()
    engine.freeze()
    onTestFinished(engine.thaw)
    const asked = store.read(sampleRecord(systemClock()).id, systemClock()).catch(({ code }) => code)
    const startedAt = performance.now()
    await store.close()
    expect(performance.now() - startedAt).toBeLessThan(5000 + heldUpMs())
    expect(await asked).toBe('unavailable')
  })

  it('leaves no client behind where its options are none of the store', async () => {
    const before = await engine.connections()
    await expect(openStore(`${engine.url}?deadlineMs=0`)).rejects.toThrow(/^deadlineMs must be /)
    const good = await open(engine.url)
    await good.inspect()
    await good.close()
    // Those of the test before may have gone meanwhile.
    await expect.poll(() => engine.connections()).toBeLessThanOrEqual(before)
  })

  it('has its own deadline', async () => {
    const store = await open(`${engine.url}?deadlineMs=100`)
    // So short a time may be over on a busy machine before anybody is connected.
    await until('it is there', () => store.inspect())
    engine.freeze()
    onTestFinished(engine.thaw)
    await expect(store.inspect()).rejects.toThrow(/there was no decision within (?:50|100) ms/)
  })
})

describe('the URL of a Redis', () => {
  it('names the user, the password, the database and the prefix', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.dispose())
    await redis.command('ACL', 'SETUSER', 'tick:et', 'on', '>p@ss:/?#%', '~mine:*', '+@all')
    await redis.command('ACL', 'SETUSER', 'default', 'off')
    const credentials = `${encodeURIComponent('tick:et')}:${encodeURIComponent('p@ss:/?#%')}`
    const url = `${redis.url.replace('//', `//${credentials}@`)}/3?prefix=mine:`
    const store = await open(url)
    const record = sampleRecord(systemClock())
    await store.insert(record)
    const other = await open(url.replace('/3?', '/4?'))
    expect(await other.read(record.id, systemClock())).toEqual({ kind: 'unknown' })
    expect(await store.read(record.id, systemClock())).toEqual({ kind: 'pending', record })
  })

  it('turns the epoch fence off only where it says so', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.dispose())
    const fenced = await open(redis.url)
    const bare = await open(`${redis.url}?epochFence=none_may_admit_twice`)
    const { weaknesses } = await bare.inspect()
    expect([(await fenced.inspect()).weaknesses, weaknesses.length]).toEqual([[], 1])
    await expect(openStore(`${redis.url}?epochFence=off`)).rejects.toThrow(/^epochFence must be /)
  })
})

describe('the URL of a PostgreSQL', () => {
  it('names the table, and leaves the rest to pg', async () => {
    const postgres = await startPostgres(unsynced)
    onTestFinished(() => postgres.dispose())
    await postgres.query('CREATE SCHEMA auth')
    const store = await open(`${postgres.url}?table=auth.tickets&application_name=by-url`)
    await store.insert(sampleRecord(systemClock()))
    expect(await postgres.query('SELECT count(*) FROM auth.tickets')).toBe('1')
    expect(await postgres.query(`SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'by-url'`)).toBe(
      't',
    )
  })
})

describe('the session log beside a PostgreSQL by URL', () => {
  it('is kept in a table beside that of the tickets, over a client of its own, which ends with it', async () => {
    const postgres = await startPostgres(unsynced)
    onTestFinished(() => postgres.dispose())
    const log = await openSessionLog(`${postgres.url}?table=mine&application_name=log-by-url`)
    const connections = () =>
      postgres.query(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'log-by-url'`)
    await log?.append({ kind: 'revocation', selector: { kind: 'everything' }, at: systemClock() })
    expect(await postgres.query('SELECT count(*) FROM mine_log')).toBe('1')
    expect(await connections()).toBe('1')
    await log?.close()
    await expect.poll(connections).toBe('0')
  })

  it('is erased with the tickets, and nothing else is', async () => {
    const postgres = await startPostgres(unsynced)
    onTestFinished(() => postgres.dispose())
    const tables = () =>
      postgres.query(`SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
    for (const trial of [null, 'trial']) {
      const source = sourceOf(postgres.url, trial)
      const [store, log] = [await source.open(systemClock), await source.openLog?.()]
      await store.inspect()
      await log?.readAfter(null, 1)
      await Promise.all([store.close(), log?.close()])
    }
    const ours = 'wsticket_tickets wsticket_tickets_log'
    expect(await tables()).toBe(`${ours} wsticket_tickets_trial wsticket_tickets_trial_log`)
    await sourceOf(postgres.url, 'trial').erase()
    expect(await tables()).toBe(ours)
  })
})

describe('the URL of a NATS', () => {
  it('names the user, the bucket and its age', async () => {
    const nats = await startNats({ configuration: 'authorization { user: tickets, password: "p@ss" }' })
    onTestFinished(() => nats.dispose())
    const url = `${nats.url.replace('//', '//tickets:p%40ss@')}?bucket=by-url&recordAgeMs=90000`
    const store = await open(url)
    await store.inspect()
    const views = JSON.stringify(
      await until('the server says it', () => nats.monitor('/jsz?streams=true&accounts=true&config=true')),
    )
    expect(views).toContain('"KV_by-url"')
    expect(views).toContain('"max_age":90000000000')
  })

  it('names a token', async () => {
    const nats = await startNats({ configuration: 'authorization { token: "open-sesame" }' })
    onTestFinished(() => nats.dispose())
    const store = await open(nats.url.replace('//', '//open-sesame@'))
    expect((await store.inspect()).engine).toMatch(/^nats /)
  })
})
