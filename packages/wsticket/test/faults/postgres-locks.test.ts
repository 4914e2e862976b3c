/**
 * A redemption that is held up within the server, or before it (F18, F19): who waits too long is refused, and nobody is admitted
 * by what happens later.
 */
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { heldUpMs } from 'wsticket-engines/held-up'
import { type PostgresServer, startPostgres } from 'wsticket-engines/postgres'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { pgOptions } from '../../src/drivers/pg.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import type { TicketId } from '../../src/ticket.ts'
import { type Connect, clients, connectPg } from '../services/postgres-harness.ts'
import { createCleanup, issue } from './postgres-harness.ts'
import { deadlineMs, fenced, patient, patientMs, type Spender } from './postgres-kinds.ts'
import { long } from './proof-size.ts'
import { type Answer, createTally, type Tally } from './tally.ts'

const graceMs = 2000
const atOnce = long ? 200 : 30
const { table } = fenced

const whole = createCleanup()
const each = createCleanup()
let server: PostgresServer
/** Somebody else at the same table. */
let stranger: pg.Client

beforeAll(async () => {
  server = await startPostgres({ settings: { deadlock_timeout: '100ms' } })
  whole.add(server.dispose)
  await server.query(fenced.schema)
})
afterAll(() => whole.run())
afterEach(() => each.run())

/** Of a server that gives no statement up before somebody has seen what it waits for. */
function patientUrl(): string {
  return `${server.url}?statement_timeout=${patientMs}`
}

/** A store and a timed one, their tickets, and a transaction of somebody else that has begun. */
async function setUp(connect: Connect, url = patientUrl()) {
  const connected = connect(url)
  each.add(connected.end)
  stranger = new pg.Client(server.url)
  stranger.on('error', () => {})
  await stranger.connect()
  each.add(() => stranger.end())
  await stranger.query('BEGIN')
  const timedStore = fenced.create(connected.driver)
  const store = patient.create(connected.driver)
  const ids = await issue(store, atOnce)
  return { timedStore, store, ids, id: ids[0] as TicketId, tally: createTally() }
}

async function lockRow(id: TicketId): Promise<void> {
  await stranger.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [id])
}

async function timed(answer: Promise<Answer>): Promise<{ answer: Answer; tookMs: number }> {
  const startedAt = performance.now()
  return { answer: await answer, tookMs: performance.now() - startedAt }
}

/** The connection of the server on which a redemption waits for a lock. */
function waitingBackend(): Promise<number> {
  return until('the redemption waits for the lock', async () => {
    const pid = await server.query(
      `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE%'`,
    )
    return pid === '' ? null : Number(pid)
  })
}

async function locksWaitedFor(): Promise<number> {
  return Number(await server.query(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`))
}

async function stateOf(id: TicketId): Promise<string> {
  return server.query(`SELECT state FROM ${table} WHERE id = '${id}'`)
}

/** The store answers like one that nothing has happened to. */
async function expectWell(store: Spender, tally: Tally): Promise<void> {
  const answer = await until('the store answers again', async () => {
    const [id] = (await issue(store, 1)) as [TicketId]
    const later = await tally.redeem(store, id)
    return later === 'unavailable' ? null : later
  })
  expect(answer).toBe('redeemed')
}

describe.each(clients)('a redemption over %s', (_, connect) => {
  it.each([
    ['cancelled', 'pg_cancel_backend'],
    ['ended with its connection', 'pg_terminate_backend'],
  ])('that waits for a lock and is %s admits nobody, and the ticket is as good as before', async (__, weapon) => {
    const { store, id, tally } = await setUp(connect)
    await lockRow(id)
    const redeemed = tally.redeem(store, id)
    await server.query(`SELECT ${weapon}(${await waitingBackend()})`)
    expect(await redeemed).toBe('unavailable')
    await stranger.query('ROLLBACK')
    expect(await tally.redeem(store, id)).toBe('redeemed')
    expect(await tally.redeem(store, id)).toBe('spent')
  })

  it('that waits for a lock too long is given up by the server, too, and the ticket is as good as before', async () => {
    const { timedStore, store, id, tally } = await setUp(connect, server.url)
    await lockRow(id)
    const { answer, tookMs } = await timed(tally.redeem(timedStore, id))
    expect(answer).toBe('unavailable')
    expect(tookMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
    await until('nobody waits for the lock any more', async () => (await locksWaitedFor()) === 0)
    await stranger.query('COMMIT')
    expect(await tally.redeem(store, id)).toBe('redeemed')
    await expectWell(timedStore, tally)
  })

  it('of each of many tickets that are locked is refused in time, and the store is well thereafter', async () => {
    const { timedStore, store, ids, tally } = await setUp(connect, server.url)
    await stranger.query(`SELECT FROM ${table} WHERE id = ANY ($1) FOR UPDATE`, [ids])
    const answers = await Promise.all(ids.map((id) => timed(tally.redeem(timedStore, id))))
    for (const { answer, tookMs } of answers) {
      expect(answer).toBe('unavailable')
      expect(tookMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
    }
    await stranger.query('COMMIT')
    await expectWell(timedStore, tally)
    // What was at the server is spent by now, for nobody; the rest is as good as before.
    const later = await tally.present(ids, [store])
    expect(Object.keys(later)).not.toContain('unavailable')
    expect(tally.admittedTwice).toBe(0)
  })

  it('that is rolled back by a deadlock of others admits nobody twice', async () => {
    const { store, ids, tally } = await setUp(connect)
    const [one, other] = ids as [TicketId, TicketId]
    await lockRow(one)
    const rival = new pg.Client(server.url)
    await rival.connect()
    each.add(() => rival.end())
    await rival.query('BEGIN')
    await rival.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [other])
    const redeemed = Promise.all([one, other].map((id) => tally.redeem(store, id)))
    await until('both wait', async () => (await locksWaitedFor()) === 2)
    const crossed = await Promise.allSettled([
      stranger.query(`UPDATE ${table} SET state = state WHERE id = $1`, [other]),
      rival.query(`UPDATE ${table} SET state = state WHERE id = $1`, [one]),
    ])
    await Promise.all([stranger.query('ROLLBACK'), rival.query('ROLLBACK')])
    expect(crossed.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
    await redeemed
    for (const id of [one, other]) for (let time = 0; time < 2; time += 1) await tally.redeem(store, id)
    expect([tally.admitted, tally.admittedTwice]).toEqual([2, 0])
  })
})

describe('a redemption that comes to something after its deadline', () => {
  it.each(clients)('over %s admits nobody', async (_, connect) => {
    const { timedStore, id, tally } = await setUp(connect)
    await lockRow(id)
    const { answer, tookMs } = await timed(tally.redeem(timedStore, id))
    expect(answer).toBe('unavailable')
    expect(tookMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
    await stranger.query('COMMIT')
    await until('it has come to something', async () => (await stateOf(id)) === 'redeemed')
    expect(
      await until('the store is back', async () => {
        const later = await tally.redeem(timedStore, id)
        return later === 'unavailable' ? null : later
      }),
    ).toBe('spent')
    expect(tally.admitted).toBe(0)
  })
})

describe('a pool of pg', () => {
  it('of which the application has every connection is waited for no longer than the deadline, and spends nothing later', async () => {
    const { pool, driver, end } = connectPg(server.url, { max: 2 })
    each.add(end)
    const store = fenced.create(driver)
    const [id] = (await issue(store, 1)) as [TicketId]
    const taken = [await pool.connect(), await pool.connect()]
    const tally = createTally()
    const answers = await Promise.all(Array.from({ length: atOnce }, () => timed(tally.redeem(store, id))))
    for (const { answer, tookMs } of answers) {
      expect(answer).toBe('unavailable')
      expect(tookMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
    }
    for (const client of taken) client.release()
    await until('nobody waits for a connection', () => pool.waitingCount === 0)
    await expectWell(store, tally)
    expect(await tally.redeem(patient.create(driver), id)).toBe('redeemed')
    expect(tally.admittedTwice).toBe(0)
  })

  it('into which a connection came back within a transaction admits nobody there', async () => {
    const { pool, driver, end } = connectPg(server.url, { max: 1 })
    each.add(end)
    const store = patient.create(driver)
    const [id] = (await issue(store, 1)) as [TicketId]
    const forgetful = await pool.connect()
    await forgetful.query('BEGIN')
    forgetful.release()
    const tally = createTally()
    expect(await tally.redeem(store, id)).toBe('unavailable')
    expect(await stateOf(id)).toBe('pending')
    expect(await tally.redeem(store, id)).toBe('redeemed')
    expect(await tally.redeem(store, id)).toBe('spent')
  })

  it('catches a redemption that does not look whether it is within a transaction', async () => {
    const pool = new pg.Pool({ connectionString: server.url, ...pgOptions, max: 1 })
    each.add(() => pool.end())
    const { driver, end } = connectPg(server.url)
    each.add(end)
    const [id] = (await issue(fenced.create(driver), 1)) as [TicketId]
    const redeem = `UPDATE ${table} SET state = 'redeemed' WHERE id = $1 AND state = 'pending' RETURNING record`
    await pool.query('BEGIN')
    const admissions = [(await pool.query(redeem, [id])).rowCount]
    await pool.query('ROLLBACK')
    admissions.push((await pool.query(redeem, [id])).rowCount)
    expect(admissions).toEqual([1, 1])
  })
})

describe('a sweep', () => {
  it.each(clients)(
    'over %s that ends in a deadlock with somebody else does its work the next time',
    async (_, connect) => {
      await setUp(connect)
      const connected = connect(patientUrl())
      each.add(connected.end)
      const store = createPostgresStore(connected.driver, { table, deadlineMs: patientMs })
      await server.query(
        `DELETE FROM ${table}; INSERT INTO ${table} (id, record, expires_at) VALUES ('1', '', 0), ('2', '', 0)`,
      )
      await stranger.query(`SELECT FROM ${table} WHERE id = '2' FOR UPDATE`)
      const swept = store.sweep(systemClock()).catch(() => null)
      await until('the sweep waits', async () => (await locksWaitedFor()) === 1)
      const crossed = stranger.query(`SELECT FROM ${table} WHERE id = '1' FOR UPDATE`).catch(() => null)
      const outcomes = await Promise.all([swept, crossed])
      await stranger.query('ROLLBACK')
      // Both, where a machine stands still for so long that the sweep is late, too.
      expect(outcomes).toContain(null)
      await until('all is swept', async () => (await store.sweep(systemClock()).catch(() => null)) === 0)
      expect(await server.query(`SELECT count(*) FROM ${table}`)).toBe('0')
    },
  )
})
