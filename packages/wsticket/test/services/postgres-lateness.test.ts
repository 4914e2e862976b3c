/** A statement that is late takes its own connection along, and nobody else's. */
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres, unsynced } from 'wsticket-engines/postgres'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import type { TicketRecord } from '../../src/ticket.ts'
import { issueInTime } from '../faults/issuing.ts'
import { type Connected, connectPg, connectPostgresJs } from './postgres-harness.ts'

const deadlineMs = 2500
// Under way together: whoever is asked for so much later still has that long when the first is refused.
const laterMs = 2000

let server: PostgresServer
const connections: Pick<Connected, 'end'>[] = []

beforeAll(async () => {
  server = await startPostgres(unsynced)
})

afterEach(async () => {
  for (const connected of connections.splice(0).toReversed()) await connected.end()
})

afterAll(() => server.dispose())

// Else the server, or the client, would give up before the store does.
const patienceMs = 60_000
// None is closed for want of use: what is gone was dropped.
const patient: readonly (readonly [string, (url: string) => Connected])[] = [
  [
    'pg',
    (url) => connectPg(url, { statement_timeout: patienceMs, connectionTimeoutMillis: 5000, idleTimeoutMillis: 0 }),
  ],
  [
    'postgres.js',
    (url) =>
      connectPostgresJs(url, { connection: { statement_timeout: patienceMs }, connect_timeout: 5, idle_timeout: 0 }),
  ],
]

async function setUp(connect: (url: string) => Connected) {
  const { driver, end } = connect(server.url)
  const store = createPostgresStore(driver, { deadlineMs })
  connections.push({ end: () => store.close().then(end) })
  await until('the store is there', () => store.inspect())
  return { store, issue: () => issueInTime(store) }
}

/** Holds the rows of some tickets, each by a transaction of its own. Resolves with what lets each go. */
async function hold(...records: TicketRecord[]): Promise<(() => Promise<void>)[]> {
  return Promise.all(
    records.map(async ({ id }) => {
      const client = new pg.Client(server.url)
      await client.connect()
      const end = () => client.end()
      connections.push({ end })
      await client.query('BEGIN')
      await client.query('SELECT FROM wsticket_tickets WHERE id = $1 FOR UPDATE', [id])
      return end
    }),
  )
}

/** As the server counts them, without that of the question. */
async function connectionCount(): Promise<number> {
  const others = `backend_type = 'client backend' AND pid <> pg_backend_pid()`
  return Number(await server.query(`SELECT count(*) FROM pg_stat_activity WHERE ${others}`))
}

describe.each(patient)('the PostgreSQL store over %s, when a statement is late', (_, connect) => {
  it('answers the others that are under way at that moment', async () => {
    const { store, issue } = await setUp(connect)
    const [late, other] = [await issue(), await issue()]
    const [, letOther] = (await hold(late, other)) as [() => Promise<void>, () => Promise<void>]
    const askedAt = performance.now()
    const refusal = expect(store.redeem(late.id, systemClock())).rejects.toThrow('no decision')
    await until('the other is asked for well after it', async () => performance.now() > askedAt + laterMs)
    const answer = expect(store.redeem(other.id, systemClock())).resolves.toEqual({ kind: 'redeemed', record: other })
    await refusal
    await letOther()
    await answer
  })

  it('keeps no connection of those that are late after it, either', async () => {
    const { store, issue } = await setUp(connect)
    const records = [await issue(), await issue(), await issue()]
    const lets = await hold(...records)
    const refusals: Promise<unknown>[] = []
    for (const record of records) {
      const askedAt = performance.now()
      refusals.push(expect(store.redeem(record.id, systemClock())).rejects.toThrow('no decision'))
      await until('the next is asked for later', async () => performance.now() > askedAt + 100)
    }
    await Promise.all(refusals)
    for (const letGo of lets) await letGo()
    // One is that by which the store looks at the server again.
    await until('the connections are gone', async () => (await connectionCount()) <= 1)
  })
})
