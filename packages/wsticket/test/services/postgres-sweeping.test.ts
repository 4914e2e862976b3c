import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from 'wsticket-engines/postgres'
import { until } from 'wsticket-engines/until'
import { createPostgresStatements } from '../../src/postgres-statements.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import { later, sampleRecord } from '../../src/testing/store-harness.ts'
import { type Connected, connectPg } from './postgres-harness.ts'

const table = 'wsticket_tickets'
const batchRows = 1000
const marginMs = 60_000
const everyMs = 10_000

let server: PostgresServer
const connections: Connected[] = []

beforeAll(async () => {
  server = await startPostgres({ settings: { log_statement: 'all' } })
})

afterEach(async () => {
  for (const connected of connections.splice(0)) await connected.end()
  await server.query(`DROP TABLE IF EXISTS ${table}`)
})

afterAll(() => server.dispose())

async function setUp() {
  const clock = createMovableClock()
  const connected = connectPg(server.url)
  connections.push(connected)
  const store = createPostgresStore(connected.driver, { clock: clock.now })
  await store.inspect()
  return { clock, store }
}

/** Puts so many rows into the table that expire at an instant. */
async function fill(rows: number, expiresAt: number): Promise<void> {
  await server.query(`INSERT INTO ${table} (id, record, expires_at)
    SELECT md5(random()::text || row), '{}', ${expiresAt} FROM generate_series(1, ${rows}) AS row`)
}

async function rowsLeft(): Promise<number> {
  return Number(await server.query(`SELECT count(*) FROM ${table}`))
}

/** How many statements that delete the server has executed. */
function deletions(): number {
  return server.output().match(/execute [^:]+: WITH swept AS/g)?.length ?? 0
}

describe('the PostgreSQL store, when it is told to sweep', () => {
  it.each([
    [0, 1],
    [999, 1],
    [1000, 2],
    [2500, 3],
  ])('removes %d rows in %d statements', async (rows, statements) => {
    const { clock, store } = await setUp()
    await fill(rows, clock.now())
    await fill(5, later(clock.now(), 1))
    const before = deletions()
    expect(await store.sweep(clock.now())).toBe(rows)
    await until('the log is written', () => deletions() === before + statements)
    expect(await rowsLeft()).toBe(5)
  })

  it('removes what an earlier start of the server has left', async () => {
    const { clock, store } = await setUp()
    await store.insert(sampleRecord(clock.now()))
    await server.restart()
    const day = later(clock.now(), 86_400_000)
    expect(await store.sweep(day)).toBe(1)
  })

  it('counts every row once when eight sweep at once', async () => {
    const { clock, store } = await setUp()
    await fill(3500, clock.now())
    const counts = await Promise.all(Array.from({ length: 8 }, () => store.sweep(clock.now())))
    const total = counts.reduce((sum, count) => sum + count, 0)
    expect(total + (await rowsLeft())).toBe(3500)
    expect(await store.sweep(clock.now())).toBe(3500 - total)
  })
})

describe('the table of the PostgreSQL store', () => {
  it('has an index by which the sweep finds what is old, whatever else there is', async () => {
    const { clock } = await setUp()
    await fill(20_000, later(clock.now(), 60_000))
    await server.query(`ANALYZE ${table}`)
    const { text } = createPostgresStatements(table).sweep(clock.now())
    const plan = await server.query(`EXPLAIN ${text.replaceAll('$1', String(clock.now()))}`)
    expect(plan).toContain(`${table}_expires_at_id_key`)
    expect(plan).not.toContain('Seq Scan')
  })

  it('changes no index when a ticket is redeemed', async () => {
    const { clock, store } = await setUp()
    const records = Array.from({ length: 50 }, () => sampleRecord(clock.now()))
    for (const record of records) await store.insert(record)
    for (const record of records) await store.redeem(record.id, clock.now())
    // A connection tells what it has done at its end, at the latest.
    for (const connected of connections.splice(0)) await connected.end()
    const updates = () =>
      server.query(`SELECT n_tup_upd || ' of which hot: ' || n_tup_hot_upd FROM pg_stat_user_tables
      WHERE relname = '${table}'`)
    await until('the updates are counted', async () => (await updates()).startsWith('50 '))
    expect(await updates()).toBe('50 of which hot: 50')
  })
})

describe('the PostgreSQL store, in passing', () => {
  it('sweeps after an insert, ten seconds after it last did, what has been past its expiry for a minute', async () => {
    const { clock, store } = await setUp()
    clock.advance(everyMs - 1)
    await fill(2500, clock.now() - marginMs)
    await fill(3, later(clock.now(), 2 - marginMs))
    const before = deletions()
    await store.insert(sampleRecord(clock.now()))
    clock.advance(1)
    await store.insert(sampleRecord(clock.now()))
    await store.insert(sampleRecord(clock.now()))
    await until('the old rows are gone', async () => (await rowsLeft()) === 3 + 3)
    await until('the log is written', () => deletions() === before + 3)
  })

  it('sweeps also where its clock has been put back', async () => {
    const { clock, store } = await setUp()
    clock.advance(-3_600_000)
    await fill(1, clock.now() - marginMs)
    await store.insert(sampleRecord(clock.now()))
    await until('the old row is gone', async () => (await rowsLeft()) === 1)
  })

  it('neither waits for it, nor does it twice at once, nor fails with it', async () => {
    const { clock, store } = await setUp()
    await fill(1, clock.now() - marginMs)
    const connected = connectPg(server.url)
    connections.push(connected)
    const holder = await connected.pool.connect()
    await holder.query(`BEGIN; UPDATE ${table} SET state = 'revoked'`)
    const before = deletions()
    for (let round = 0; round < 3; round += 1) {
      clock.advance(everyMs)
      await store.insert(sampleRecord(clock.now()))
    }
    await until('the sweep has given up', () => /canceling statement due to statement timeout/.test(server.output()))
    expect(deletions() - before).toBe(1)
    await holder.query('ROLLBACK')
    holder.release()
    clock.advance(everyMs)
    await store.insert(sampleRecord(clock.now()))
    await until('the old row is gone', async () => (await rowsLeft()) === 4)
  })

  it('sweeps no further once it is closed', async () => {
    const { clock, store } = await setUp()
    clock.advance(everyMs)
    await fill(3 * batchRows, clock.now() - marginMs)
    const before = deletions()
    await store.insert(sampleRecord(clock.now()))
    await store.close()
    await until('the batch is gone that was under way', async () => (await rowsLeft()) === 2 * batchRows + 1)
    await expect(store.insert(sampleRecord(clock.now()))).rejects.toMatchObject({ code: 'closed' })
    expect([await rowsLeft(), deletions() - before]).toEqual([2 * batchRows + 1, 1])
  })
})
