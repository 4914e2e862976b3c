/**
 * How exact the fence of the PostgreSQL store is, what it does not rest on, and where it ends.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from 'wsticket-engines/postgres'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { connectPg } from '../services/postgres-harness.ts'
import { createCleanup, issue, storesAt, ticketCount } from './postgres-harness.ts'
import { durable, fenced, kinds, naive, patient, patientMs, type Spender } from './postgres-kinds.ts'
import { createTally } from './tally.ts'

const whole = createCleanup()
const each = createCleanup()
let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
  whole.add(server.dispose)
  await server.query([...kinds, naive].map(({ schema }) => schema).join(';\n'))
})
afterAll(() => whole.run())
afterEach(() => each.run())

async function setUp() {
  const [store] = storesAt(patient, server.url, each)
  const [id] = (await issue(store, 1)) as [TicketId]
  return { store, id, tally: createTally() }
}

/** All of a store. */
function openStore(): TicketStore {
  const { driver, end } = connectPg(server.url)
  each.add(end)
  return createPostgresStore(driver, { table: 'fenced', deadlineMs: patientMs })
}

describe('the reign of a ticket', () => {
  it.each(['1 microsecond', '-1 microsecond'])('is another one %s later', async (interval) => {
    const { store, id, tally } = await setUp()
    await server.query(`UPDATE fenced SET reign = reign + interval '${interval}' WHERE id = '${id}'`)
    expect(await tally.redeem(store, id)).toBe('unknown')
    await server.query(`UPDATE fenced SET reign = reign - interval '${interval}' WHERE id = '${id}'`)
    expect(await tally.redeem(store, id)).toBe('redeemed')
  })

  it('is the same to sessions that write and read times differently', async () => {
    await server.query(`CREATE ROLE abroad LOGIN SUPERUSER; ALTER ROLE abroad SET timezone = 'Asia/Kathmandu';
      ALTER ROLE abroad SET datestyle = 'German'; ALTER ROLE abroad SET intervalstyle = 'iso_8601'`)
    const { store, tally } = await setUp()
    const [abroad] = storesAt(patient, server.url.replace('postgres@', 'abroad@'), each)
    const [here, there] = [await issue(store, 1), await issue(abroad, 1)]
    expect(await tally.redeem(abroad, here[0] as TicketId)).toBe('redeemed')
    expect(await tally.redeem(store, there[0] as TicketId)).toBe('redeemed')
  })

  it('is read and voided by nobody in another', async () => {
    const store = openStore()
    const [id] = (await issue(store, 1)) as [TicketId]
    await server.query(`UPDATE fenced SET reign = reign - interval '1 day' WHERE id = '${id}'`)
    expect(await store.read(id, systemClock())).toEqual({ kind: 'unknown' })
    expect(await store.revoke(id, systemClock())).toBe(false)
  })
})

describe('the commit of a redemption', () => {
  it('waits for no disk and no standby, whatever synchronous_commit says: an unlogged table has nothing to wait for', async () => {
    const suffering = await startPostgres({
      settings: { synchronous_standby_names: 'nobody', synchronous_commit: 'on' },
    })
    each.add(suffering.dispose)
    // A commit that waits for a standby, and there is none.
    const withoutWaiting = 'SET synchronous_commit = local;'
    await suffering.query(`${withoutWaiting} ${fenced.schema}; ${durable.schema}`)
    const [store] = storesAt(patient, suffering.url, each)
    const [id] = (await issue(store, 1)) as [TicketId]
    expect(await createTally().redeem(store, id)).toBe('redeemed')
    const [control] = storesAt(durable, suffering.url, each)
    const waits = control.insert(sampleRecord(systemClock())).catch(() => null)
    await until(
      'the commit of a logged table waits for a standby',
      async () => (await suffering.query(`SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)) !== '0',
    )
    expect(
      await suffering.query(`SELECT count(*) FROM pg_stat_activity
      WHERE wait_event = 'SyncRep' AND query LIKE '%fenced%'`),
    ).toBe('0')
    await suffering.stop('SIGQUIT')
    await waits
  })
})

describe('a race', () => {
  const racers = 8
  const ticketsAtOnce = 20
  const rounds = ticketCount / ticketsAtOnce

  async function race(stores: readonly Spender[]): Promise<{ readonly admitted: number; readonly twice: number }> {
    const tally = createTally()
    const takingPart = Array.from({ length: racers }, (_, index) => stores[index % stores.length] as Spender)
    for (let round = 0; round < rounds; round += 1) {
      await tally.present(await issue(stores[0] as Spender, ticketsAtOnce), takingPart)
    }
    return { admitted: tally.admitted, twice: tally.admittedTwice }
  }

  it('is won once by whoever takes part', async () => {
    expect(await race(storesAt(patient, server.url, each))).toEqual({ admitted: ticketCount, twice: 0 })
  })

  it(`catches ${naive.name}`, async () => {
    const { admitted, twice } = await race(storesAt(naive, server.url, each))
    expect(admitted).toBe(ticketCount)
    expect(twice).toBeGreaterThan(0)
  })
})

describe('a table that somebody makes durable', () => {
  it('is refused as soon as the store looks again: after every failure, and every minute', async () => {
    const store = openStore()
    const ids = await issue(store, 2)
    const tally = createTally()
    await server.query('ALTER TABLE fenced SET LOGGED')
    each.add(() => server.query('ALTER TABLE fenced SET UNLOGGED'))
    expect(await tally.redeem(store, ids[0] as TicketId)).toBe('redeemed')
    await expect(store.inspect()).rejects.toMatchObject({ name: 'ConfigurationError', option: 'table' })
    expect(await tally.present(ids, [store])).toEqual({ unavailable: 4 })
  })
})
