/** Transactions that somebody else has begun: a redemption in one of them goes back with it, and is none. */
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres, unsynced } from 'wsticket-engines/postgres'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { postgresJsOptions } from '../../src/drivers/postgres-js.ts'
import type { PostgresDriver } from '../../src/postgres-driver.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketRecord } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { type Connected, connectPg, connectPostgresJs } from './postgres-harness.ts'

let server: PostgresServer
const connections: Pick<Connected, 'end'>[] = []

beforeAll(async () => {
  server = await startPostgres(unsynced)
})

afterEach(async () => {
  for (const connected of connections.splice(0)) await connected.end()
})

afterAll(() => server.dispose())

function kept<Some extends Pick<Connected, 'end'>>(connected: Some): Some {
  connections.push(connected)
  return connected
}

async function storeOn(driver: PostgresDriver): Promise<TicketStore> {
  const store = createPostgresStore(driver)
  await store.inspect()
  return store
}

async function issue(): Promise<TicketRecord> {
  const record = sampleRecord(systemClock())
  await (await storeOn(kept(connectPg(server.url)).driver)).insert(record)
  return record
}

const openTransactions = `SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'`

/** Ends what is open, as the death of its client would, and says what the ticket is then to somebody else. */
async function afterRollback(record: TicketRecord): Promise<string> {
  await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'`)
  await until('no transaction is open', async () => (await server.query(openTransactions)) === '0')
  const other = await storeOn(kept(connectPg(server.url)).driver)
  return (await other.read(record.id, systemClock())).kind
}

describe('the PostgreSQL store over pg', () => {
  it.each([
    ['a client that went back without COMMIT', 'BEGIN'],
    [
      'a client whose transaction has written',
      "CREATE TEMP TABLE note (text text); BEGIN; INSERT INTO note VALUES ('')",
    ],
    ['a client that went back within a subtransaction', 'BEGIN; SAVEPOINT here'],
    ['a client whose transaction has failed', 'BEGIN; SELECT 1 / 0'],
  ])('never says that a ticket is redeemed within the transaction of %s', async (_, begin) => {
    const record = await issue()
    const { pool, driver } = kept(connectPg(server.url, { max: 1 }))
    const store = await storeOn(driver)
    const client = await pool.connect()
    await client.query(begin).catch(() => {})
    client.release()
    await expect(store.redeem(record.id, systemClock())).rejects.toMatchObject({ code: 'unavailable' })
    expect(await afterRollback(record)).toBe('pending')
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
    expect(await afterRollback(record)).toBe('redeemed')
  })

  it('never says so within a transaction that was begun by way of the pool, nor that a ticket is issued', async () => {
    const record = await issue()
    const { pool, driver } = kept(connectPg(server.url, { max: 1 }))
    const store = await storeOn(driver)
    await pool.query('BEGIN')
    await expect(store.redeem(record.id, systemClock())).rejects.toMatchObject({ code: 'unavailable' })
    await pool.query('BEGIN')
    await expect(store.insert(sampleRecord(systemClock()))).rejects.toMatchObject({ code: 'unavailable' })
    expect(await afterRollback(record)).toBe('pending')
  })
})

describe('the PostgreSQL store over postgres.js', () => {
  it('has a client of its own: what the application leaves open with the same options is not around it', async () => {
    const record = await issue()
    const sql = postgres(server.url, { ...postgresJsOptions, max: 1, onnotice: () => {} })
    kept({ end: () => sql.end({ timeout: 0 }) })
    const store = await storeOn(kept(connectPostgresJs(server.url, { max: 1 })).driver)
    await sql.unsafe('BEGIN')
    await until('a transaction is open', async () => (await server.query(openTransactions)) === '1')
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
    expect(await afterRollback(record)).toBe('redeemed')
  })

  it('ends with the store whatever it has opened, and opens nothing afterwards', async () => {
    const url = await server.createDatabase('owned')
    // None is closed for want of use.
    const { driver } = kept(connectPostgresJs(url, { idle_timeout: 0 }))
    const store = await storeOn(driver)
    const connected = () => server.query(`SELECT count(*) FROM pg_stat_activity WHERE datname = 'owned'`)
    driver.reconnect()
    await store.inspect()
    await until('one is left', async () => (await connected()) === '1')
    await store.close()
    driver.reconnect()
    const late = driver.query({ name: 'one', text: 'SELECT 1', values: [] }, { over: false })
    await expect(late).rejects.toThrow('CONNECTION_ENDED')
    await until('no connection is left', async () => (await connected()) === '0')
  })
})
