import pg from 'pg'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from 'wsticket-engines/postgres'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import type { PostgresDriver } from '../../src/postgres-driver.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import { newId, sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { type Connected, clients, connectPg, connectPostgresJs } from './postgres-harness.ts'

let server: PostgresServer
const connections: Pick<Connected, 'end'>[] = []

beforeAll(async () => {
  server = await startPostgres({ settings: { log_statement: 'all' } })
  await server.query(`CREATE ROLE careful LOGIN SUPERUSER;
    ALTER ROLE careful SET default_transaction_isolation = 'serializable'`)
})

afterEach(async () => {
  for (const connected of connections.splice(0)) await connected.end()
})

afterAll(() => server.dispose())

function kept<Some extends Pick<Connected, 'end'>>(connected: Some): Some {
  connections.push(connected)
  return connected
}

async function storeOn(driver: PostgresDriver, table = 'wsticket_tickets'): Promise<TicketStore> {
  const store = createPostgresStore(driver, { table })
  await store.inspect()
  return store
}

/** The verbs of the statements that the server executes meanwhile, by its own log. */
async function statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const marks = [`SELECT '${newId()}'`, `SELECT '${newId()}'`] as const
  await server.query(marks[0])
  await work()
  await server.query(marks[1])
  await until('the log is written', () => server.output().includes(marks[1]))
  const log = server.output()
  const between = log.slice(log.indexOf(marks[0]) + marks[0].length, log.indexOf(marks[1]))
  return [...between.matchAll(/LOG: {2}(?:statement|execute [^:]+): (\w+)/g)].map(([, verb]) => verb as string)
}

describe.each(clients)('the PostgreSQL store over %s', (client, connect) => {
  it('redeems with one statement, and tells why not with a second', async () => {
    const store = await storeOn(kept(connect(server.url)).driver)
    const record = sampleRecord(systemClock())
    expect(await statementsOf(() => store.insert(record))).toEqual(['INSERT'])
    expect(await statementsOf(() => store.redeem(record.id, systemClock()))).toEqual(['UPDATE'])
    expect(await statementsOf(() => store.redeem(record.id, systemClock()))).toEqual(['UPDATE', 'SELECT'])
    expect(await statementsOf(() => store.read(record.id, systemClock()))).toEqual(['SELECT'])
    expect(await statementsOf(() => store.revoke(record.id, systemClock()))).toEqual(['UPDATE'])
  })

  it('keeps two tables apart over one client', async () => {
    const { driver } = kept(connect(server.url))
    const [one, other] = [await storeOn(driver, 'one'), await storeOn(driver, 'other')]
    for (let round = 0; round < 20; round += 1) {
      const record = sampleRecord(systemClock())
      await one.insert(record)
      expect(await other.redeem(record.id, systemClock())).toEqual({ kind: 'unknown' })
      expect(await one.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
    }
  })

  it('says that there is no room where the disk of the server is full', async () => {
    const table = `full_for_${client.replace('.', '_')}`
    const store = await storeOn(kept(connect(server.url)).driver, table)
    await server.query(`CREATE OR REPLACE FUNCTION fill_up() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION USING ERRCODE = ''disk_full''; END';
      CREATE TRIGGER filling BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION fill_up()`)
    const insert = store.insert(sampleRecord(systemClock()))
    await expect(insert).rejects.toMatchObject({ name: 'StoreError', code: 'capacity' })
  })

  it('refuses the losers of a race at a serializable isolation, and says that it is set', async () => {
    const store = await storeOn(kept(connect(server.url.replace('postgres@', 'careful@'))).driver)
    const { weaknesses } = await store.inspect()
    expect(weaknesses).toEqual([expect.stringContaining('default_transaction_isolation')])
    const faults = new Set<unknown>()
    const winners: number[] = []
    await until('a race is lost to a serialization failure', async () => {
      const record = sampleRecord(systemClock())
      await store.insert(record)
      const race = await Promise.allSettled(Array.from({ length: 16 }, () => store.redeem(record.id, systemClock())))
      const kinds = race.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.kind : 'fault'))
      winners.push(kinds.filter((kind) => kind === 'redeemed').length)
      for (const outcome of race) if (outcome.status === 'rejected') faults.add(outcome.reason.message)
      return faults.has('postgres failed (40001)')
    })
    expect(new Set(winners)).toEqual(new Set([1]))
  })
})

/** What a connection has prepared, and how often. */
const prepared = `SELECT count(*)::int AS statements FROM pg_prepared_statements WHERE name NOT LIKE 'pg_%'
  AND statement NOT LIKE '%pg_prepared_statements%'`

async function liveThrough(store: TicketStore): Promise<void> {
  const record = sampleRecord(systemClock())
  await store.insert(record)
  expect((await store.redeem(record.id, systemClock())).kind).toBe('redeemed')
  expect((await store.redeem(record.id, systemClock())).kind).toBe('spent')
}

describe('prepared statements', () => {
  it('are made once for each connection of pg', async () => {
    const { pool, driver } = kept(connectPg(server.url, { max: 1 }))
    const store = await storeOn(driver)
    await liveThrough(store)
    const before: unknown = (await pool.query(prepared)).rows
    for (let round = 0; round < 10; round += 1) await liveThrough(store)
    // The inspection, an insert, a redemption and a look.
    expect([before, (await pool.query(prepared)).rows]).toEqual([[{ statements: 4 }], [{ statements: 4 }]])
  })

  it('can be turned off with pg', async () => {
    const { pool, driver } = kept(connectPg(server.url, { max: 1, preparedStatements: false }))
    await liveThrough(await storeOn(driver))
    expect((await pool.query(prepared)).rows).toEqual([{ statements: 0 }])
  })

  it('can be turned off with postgres.js', async () => {
    const { sql, driver } = kept(connectPostgresJs(server.url, { max: 1, prepare: false }))
    await liveThrough(await storeOn(driver))
    expect((await sql.unsafe(prepared))[0]).toEqual({ statements: 0 })
  })

  // As a PgBouncer in transaction mode does, which puts the next statement to another connection of the server.
  it('that are gone cost a refusal with pg, and spend nothing', async () => {
    const { pool, driver } = kept(connectPg(server.url, { max: 1 }))
    const store = await storeOn(driver)
    await liveThrough(store)
    const record = sampleRecord(systemClock())
    await store.insert(record)
    await pool.query('DEALLOCATE ALL')
    const refused = store.redeem(record.id, systemClock())
    await expect(refused).rejects.toMatchObject({ name: 'StoreError', message: 'postgres failed (26000)' })
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
  })

  it('that are gone are made again by postgres.js, which asks again then, and spend a ticket once', async () => {
    const { sql, driver } = kept(connectPostgresJs(server.url, { max: 1 }))
    const store = await storeOn(driver)
    await liveThrough(store)
    const record = sampleRecord(systemClock())
    await store.insert(record)
    await sql.unsafe('DEALLOCATE ALL')
    const verbs = await statementsOf(async () => {
      expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
    })
    expect(verbs.filter((verb) => verb === 'UPDATE')).toHaveLength(1)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'spent' })
  })
})

describe('the types that somebody has set up for a client', () => {
  it('change nothing for pg', async () => {
    const { TEXT } = pg.types.builtins
    const getTypeParser = (oid: number) => (oid === TEXT ? String : () => 'something else')
    const { driver } = kept(connectPg(server.url, { types: { getTypeParser } as pg.CustomTypesConfig }))
    const store = await storeOn(driver)
    await liveThrough(store)
    expect(await store.sweep(systemClock())).toBe(0)
  })

  it('change nothing for postgres.js', async () => {
    const { driver } = kept(connectPostgresJs(server.url, { types: { bigint: postgres.BigInt } as never }))
    const store = await storeOn(driver)
    await liveThrough(store)
    expect(await store.sweep(systemClock())).toBe(0)
  })
})
