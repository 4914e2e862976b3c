/**
 * A server that is struck while tickets are issued and redeemed all the time (F8, F17, F19): nobody is admitted twice, nobody
 * waits longer than the deadline, and the stores are back soon after the server is.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heldUpMs } from 'wsticket-engines/held-up'
import { type PostgresServer, startPostgres } from 'wsticket-engines/postgres'
import { until } from 'wsticket-engines/until'
import type { TicketId } from '../../src/ticket.ts'
import { startLoad } from './load.ts'
import { createCleanup, storesAt } from './postgres-harness.ts'
import { deadlineMs, fenced, type Spender } from './postgres-kinds.ts'
import { long } from './proof-size.ts'

const graceMs = 2000
const backWithinMs = 5000
const settleMs = long ? 3000 : 300
const rounds = long ? 5 : 1
const role = 'app'

/** What is done to the server; resolves when it takes connections again. */
const strikes: readonly (readonly [string, (server: PostgresServer) => Promise<unknown>])[] = [
  ['kill -9 of the postmaster', (server) => server.kill9().then(server.start)],
  [
    'kill -9 of all processes at once, with synchronous_commit off',
    async (server) => {
      await server.query('ALTER DATABASE postgres SET synchronous_commit = off')
      await server.crash()
      await server.start()
      await server.query('ALTER DATABASE postgres RESET synchronous_commit')
    },
  ],
  [
    'kill -9 of one backend',
    async (server) => {
      const backend = await server.query(`SELECT min(pid) FROM pg_stat_activity
        WHERE usename = '${role}'`)
      process.kill(Number(backend), 'SIGKILL')
      await until('the server has recovered', async () => {
        const [, recovery] = server.output().split('all server processes terminated')
        return recovery?.includes('ready to accept connections')
      })
    },
  ],
  ['an immediate shutdown', (server) => server.stop('SIGQUIT').then(server.start)],
  ['a fast shutdown', (server) => server.restart()],
  [
    'a freeze',
    async (server) => {
      server.freeze()
      await pause(1.5 * deadlineMs)
      server.thaw()
    },
  ],
  [
    'the end of every connection, again and again (pg_terminate_backend)',
    (server) => hammer(server, 'pg_terminate_backend'),
  ],
  ['cancelling whatever runs, again and again (pg_cancel_backend)', (server) => hammer(server, 'pg_cancel_backend')],
  ['no connection being free (too many clients)', exhaust],
]

/** Hits every connection of the stores for a while. */
async function hammer(server: PostgresServer, weapon: string): Promise<void> {
  await server.query(`DO $$ BEGIN FOR round IN 1..${long ? 2000 : 400} LOOP
    PERFORM ${weapon}(pid) FROM pg_stat_activity WHERE usename = '${role}';
    PERFORM pg_stat_clear_snapshot(), pg_sleep(0.002);
  END LOOP; END $$`)
}

/** The stores lose their connections, and get no others for a while. */
async function exhaust(server: PostgresServer): Promise<void> {
  await server.query(`ALTER ROLE ${role} CONNECTION LIMIT 0`)
  await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`)
  await pause(deadlineMs)
  await server.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`)
}

describe('the PostgreSQL store, while its server suffers', () => {
  const cleanup = createCleanup()
  let server: PostgresServer

  beforeAll(async () => {
    server = await startPostgres()
    cleanup.add(server.dispose)
    await server.query(`CREATE ROLE ${role} LOGIN; GRANT CREATE ON SCHEMA public TO ${role}`)
  })
  afterAll(() => cleanup.run())

  /** Stores over both clients, the ids of whose tickets are kept. */
  function watchedStores(url: string): { readonly stores: Spender[]; readonly ids: TicketId[] } {
    const ids: TicketId[] = []
    const stores = storesAt(fenced, url, cleanup).map((store) => ({
      redeem: store.redeem,
      async insert(record: Parameters<Spender['insert']>[0]) {
        ids.push(record.id)
        await store.insert(record)
      },
    }))
    return { stores, ids }
  }

  for (const [name, strike] of strikes) {
    it(`${name}: admits nobody twice, answers in time, and is back soon`, { timeout: rounds * 60_000 }, async ({
      annotate,
    }) => {
      for (let round = 0; round < rounds; round += 1) {
        const { stores, ids } = watchedStores(server.url.replace('postgres@', `${role}@`))
        const load = startLoad(stores)
        await load.recovery()
        await pause(settleMs)
        const before = load.tally.admitted
        await strike(server)
        const backAfterMs = await load.recovery()
        await pause(settleMs)
        const report = await load.stop()
        await load.tally.present(ids, stores)
        await annotate(`issued ${report.issued}, refused ${report.refused}, back after ${Math.round(backAfterMs)} ms`)
        expect(load.tally.admittedTwice).toBe(0)
        expect(report.admitted).toBeGreaterThan(before)
        expect(backAfterMs).toBeLessThan(backWithinMs + heldUpMs())
        expect(report.slowestMs).toBeLessThan(deadlineMs + graceMs + heldUpMs())
      }
    })
  }
})
