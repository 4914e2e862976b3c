/**
 * A server that comes back with older data than it had, or beside itself (F9 to F12, F17, F18): what was spent since must not
 * be spent again.
 *
 * Four kinds of tables go through each scenario on the same servers: ours, one with neither half of the fence, and one with
 * either. Where a half alone is not enough, it must show.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres, startStandby } from 'wsticket-engines/postgres'
import { temporaryFolder } from 'wsticket-engines/process'
import { until } from 'wsticket-engines/until'
import { expectAnswers } from './expect-answers.ts'
import { type Cleanup, createCleanup, halves, issue, storesAt, ticketCount } from './postgres-harness.ts'
import { durable, fenced, kinds, reignOnly, type StoreKind, unloggedOnly } from './postgres-kinds.ts'
import { type Answers, createTally, type Tally } from './tally.ts'

interface Rollback {
  readonly name: string
  readonly settings?: Record<string, string>
  /** When all tickets are issued, and none is redeemed. Resolves with what happens when half of them are: the servers then. */
  readonly prepare: (server: PostgresServer, cleanup: Cleanup) => Promise<() => Promise<readonly PostgresServer[]>>
  /** Without one half of the fence, or without both: where a ticket is admitted twice. */
  readonly caught: readonly StoreKind[]
  /** How many tickets ours admits that were pending, of all of these: none, where the start that issued them is over. */
  readonly goesOn: boolean
}

/** A commit is acknowledged before it is written, and there is room for what is not written yet. */
const lateWrites = { synchronous_commit: 'off', wal_buffers: '16MB' }

const rollbacks: readonly Rollback[] = [
  {
    name: 'kill -9 of the postmaster',
    prepare: async (server) => () => server.kill9().then(() => again(server)),
    caught: [],
    goesOn: false,
  },
  {
    name: 'kill -9 of all processes at once, with synchronous_commit off',
    settings: lateWrites,
    prepare: async (server) => {
      await holdWrites(server)
      return () => server.crash().then(() => again(server))
    },
    caught: [durable],
    goesOn: false,
  },
  {
    name: 'kill -9 of one backend, with synchronous_commit off: the server recovers without a new start',
    settings: lateWrites,
    prepare: async (server) => {
      const writer = await holdWrites(server)
      return async () => {
        await killBackend(server, writer)
        return [server]
      }
    },
    caught: [durable, reignOnly],
    goesOn: false,
  },
  {
    name: 'an immediate shutdown',
    prepare: async (server) => () => server.stop('SIGQUIT').then(() => again(server)),
    caught: [],
    goesOn: false,
  },
  {
    name: 'a clean restart',
    prepare: async (server) => () => server.stop().then(() => again(server)),
    caught: [],
    goesOn: false,
  },
  {
    name: 'the promotion of a streaming standby, while the primary stays alive and writable',
    prepare: async (server, cleanup) => {
      const standby = await startStandby(server)
      cleanup.add(standby.dispose)
      await standby.untilInStep()
      await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_replication`)
      await standby.query(`ALTER SYSTEM SET primary_conninfo = ''`)
      await standby.query('SELECT pg_reload_conf()')
      return async () => {
        await standby.promote()
        return [server, standby]
      }
    },
    caught: [durable],
    goesOn: true,
  },
  {
    name: 'the promotion of a streaming standby before anything is redeemed on the primary, which does not know',
    prepare: async (server, cleanup) => {
      const standby = await startStandby(server)
      cleanup.add(standby.dispose)
      await standby.untilInStep()
      await standby.promote()
      return async () => [standby, server]
    },
    caught: [durable],
    goesOn: true,
  },
  {
    name: 'a copy of the files of a primary that was stopped cleanly, started beside it',
    prepare: async (server, cleanup) => {
      await server.stop()
      const copy = await startPostgres({ copyOf: server })
      cleanup.add(copy.dispose)
      await server.start()
      return async () => [server, copy]
    },
    caught: [durable, unloggedOnly],
    goesOn: false,
  },
  {
    name: 'a snapshot of the disk of a running server, started beside it',
    prepare: async (server, cleanup) => {
      server.freeze()
      const copy = await startPostgres({ copyOf: server }).finally(server.thaw)
      cleanup.add(copy.dispose)
      return async () => [server, copy]
    },
    caught: [durable],
    goesOn: true,
  },
  {
    name: 'a base backup, restored beside the server',
    prepare: async (server, cleanup) => {
      const backup = await startStandby(server)
      cleanup.add(backup.dispose)
      await backup.untilInStep()
      await backup.promote()
      return async () => [server, backup]
    },
    caught: [durable],
    goesOn: true,
  },
  {
    name: 'pg_dump, restored into another server',
    prepare: async (server, cleanup) => {
      const other = await startPostgres({ copyOf: pristine })
      cleanup.add(other.dispose)
      const folder = temporaryFolder('dump')
      cleanup.add(async () => folder.remove())
      const file = join(folder.path, 'dump')
      await server.run('pg_dump', '--format=custom', `--file=${file}`, server.url)
      await server.run('pg_restore', '--data-only', `--dbname=${other.url}`, file)
      return async () => [server, other]
    },
    caught: [durable, unloggedOnly],
    goesOn: true,
  },
]

async function again(server: PostgresServer): Promise<readonly PostgresServer[]> {
  await server.start()
  return [server]
}

/** From now on nothing is written that a commit does not wait for. Resolves with the process that would. */
async function holdWrites(server: PostgresServer): Promise<number> {
  await server.query('CHECKPOINT')
  const writer = Number(await server.query(`SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'`))
  process.kill(writer, 'SIGSTOP')
  return writer
}

/** The postmaster ends all others then, and recovers as after a crash of its own. */
async function killBackend(server: PostgresServer, writer: number): Promise<void> {
  const [startedAt, backend] = (
    await server.query(`SELECT pg_postmaster_start_time() || '|' || min(pid) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
  ).split('|')
  // The writer is held, and could not end by itself.
  for (const pid of [Number(backend), writer]) process.kill(pid, 'SIGKILL')
  await until('the server has begun to recover', () => /all server processes terminated/.test(server.output()))
  const now = await until('the server has recovered', () => server.query('SELECT pg_postmaster_start_time()'))
  expect(now).toBe(startedAt)
}

interface Result {
  readonly tally: Tally
  readonly pending: Answers
  readonly spent: Answers
  readonly servers: number
}

async function run({ settings, prepare }: Rollback, cleanup: Cleanup): Promise<ReadonlyMap<StoreKind, Result>> {
  const server = await startPostgres({ copyOf: pristine, ...(settings === undefined ? {} : { settings }) })
  cleanup.add(server.dispose)
  const issued = new Map(
    await Promise.all(
      kinds.map(async (kind) => [kind, halves(await issue(storesAt(kind, server.url, cleanup)[0]))] as const),
    ),
  )
  const strike = await prepare(server, cleanup)
  const tallies = new Map(kinds.map((kind) => [kind, createTally()]))
  const halvesOf = (kind: StoreKind) => issued.get(kind) as ReturnType<typeof halves>
  const tallyOf = (kind: StoreKind) => tallies.get(kind) as Tally
  for (const kind of kinds) await tallyOf(kind).present(halvesOf(kind).spent, storesAt(kind, server.url, cleanup))
  const servers = await strike()
  const results = new Map<StoreKind, Result>()
  for (const kind of kinds) {
    const stores = servers.flatMap(({ url }) => storesAt(kind, url, cleanup))
    const tally = tallyOf(kind)
    const pending = await tally.present(halvesOf(kind).pending, stores)
    results.set(kind, {
      tally,
      pending,
      spent: await tally.present(halvesOf(kind).spent, stores),
      servers: servers.length,
    })
  }
  return results
}

/** A server with the tables, and nothing in them. */
let pristine: PostgresServer

beforeAll(async () => {
  pristine = await startPostgres()
  await pristine.query(kinds.map(({ schema }) => schema).join(';\n'))
  await pristine.stop()
})
afterAll(() => pristine.dispose())

for (const rollback of rollbacks) {
  describe(rollback.name, () => {
    const cleanup = createCleanup()
    let results: ReadonlyMap<StoreKind, Result>

    beforeAll(async () => {
      results = await run(rollback, cleanup)
    })
    afterAll(() => cleanup.run())

    const resultOf = (kind: StoreKind) => results.get(kind) as Result

    it('admits no ticket twice, and none but by the start that issued it', () => {
      const { tally, pending, spent, servers } = resultOf(fenced)
      expect(tally.admittedTwice).toBe(0)
      // Each ticket was presented four times to each server; where the start that issued it goes on, it is one of two.
      const half = ticketCount / 2
      const elsewhere = 4 * half * (servers - (rollback.goesOn ? 1 : 0))
      const there = rollback.goesOn ? half : 0
      expectAnswers(spent, { spent: 4 * there, unknown: elsewhere })
      expectAnswers(pending, { redeemed: there, spent: 3 * there, unknown: elsewhere })
    })

    for (const kind of kinds.filter((candidate) => candidate !== fenced)) {
      const isCaught = rollback.caught.includes(kind)
      it(`${isCaught ? 'catches' : 'is survived by'} ${kind.name}`, () => {
        const { admittedTwice } = resultOf(kind).tally
        if (isCaught) expect(admittedTwice).toBeGreaterThan(0)
        else expect(admittedTwice).toBe(0)
      })
    }
  })
}
