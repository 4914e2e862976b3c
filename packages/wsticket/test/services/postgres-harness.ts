/** A real PostgreSQL server before the store suite, over either client. */
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres, unsynced } from 'wsticket-engines/postgres'
import { fromPg, pgOptions } from '../../src/drivers/pg.ts'
import { fromPostgresJs, postgresJsOptions } from '../../src/drivers/postgres-js.ts'
import type { PostgresDriver } from '../../src/postgres-driver.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import {
  createMovableClock,
  runStoreCase,
  type StoreHarness,
  storeConformance,
} from '../../src/testing/store-conformance.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

/** A client that is right for tickets, and the driver over it. */
export interface Connected {
  readonly driver: PostgresDriver
  /** Whether the client that was handed in works; there is none where the driver opens its own. */
  readonly works?: () => Promise<boolean>
  readonly end: () => Promise<void>
}

/** Connects to a server by its URL, with so many connections at most. */
export type Connect = (url: string, options?: { readonly max?: number }) => Connected

/** Over `pg`, with the options of a pool that are given besides. */
export function connectPg(url: string, options: pg.PoolConfig & { readonly preparedStatements?: boolean } = {}) {
  const { preparedStatements = true, ...more } = options
  const pool = new pg.Pool({ connectionString: url, ...pgOptions, ...more })
  return {
    pool,
    driver: fromPg(pool, { preparedStatements }),
    works: async () => (await pool.query('SELECT 1')).rowCount === 1,
    end: () => pool.end(),
  }
}

/** Over postgres.js, with the options of the client that are given besides. `sql` is the client that the driver begins with. */
export function connectPostgresJs(url: string, options: postgres.Options<Record<string, never>> = {}) {
  const opened: postgres.Sql[] = []
  const driver = fromPostgresJs(() => {
    const sql = postgres(url, { ...postgresJsOptions, onnotice: () => {}, ...options })
    opened.push(sql)
    return sql
  })
  return {
    sql: opened[0] as postgres.Sql,
    driver,
    async end() {
      await Promise.all(opened.map((sql) => sql.end({ timeout: 0 })))
    },
  }
}

/** Connects likewise, and bears with a server that takes its time: for a store or a log whose deadline is as long. */
export function patient(connect: Connect): Connect {
  if (connect === connectPg)
    return (url) => connectPg(url, { statement_timeout: patienceMs, connectionTimeoutMillis: 5000 })
  return (url) => connectPostgresJs(url, { connection: { statement_timeout: patienceMs }, connect_timeout: 5 })
}

/** How long those bear with it, in milliseconds. */
export const patienceMs = 10_000

/** Both clients, by name. */
export const clients: readonly (readonly [string, Connect])[] = [
  ['pg', connectPg],
  ['postgres.js', connectPostgresJs],
]

/** Puts the store before the whole suite, over one client. */
export function describeStore(client: string, connect: Connect): void {
  describe(`the PostgreSQL store over ${client}`, () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres(unsynced)
    })
    afterAll(() => server.dispose())

    for (const [at, conformanceCase] of storeConformance.entries()) {
      it(conformanceCase.name, async ({ skip }) => {
        const skipped = await runStoreCase(conformanceCase, () => createHarness(server, connect, `case_${at}`))
        if (skipped !== null) skip(skipped)
        expect(skipped).toBeNull()
      })
    }
  })
}

// As many as it takes to race over several; each more is another process of the server, for each store of each case.
const max = 4

function createHarness(server: PostgresServer, connect: Connect, table: string): StoreHarness {
  const clock = createMovableClock()
  const connections: Connected[] = []
  const stores: TicketStore[] = []

  async function open(name = table): Promise<TicketStore> {
    const connected = connect(server.url, { max })
    connections.push(connected)
    const store = createPostgresStore(connected.driver, { table: name, clock: clock.now })
    stores.push(store)
    return store
  }

  return {
    clock,
    open: () => open(),
    openSecond: () => open(),
    capabilities: {
      dump: () => server.query(`SELECT * FROM ${table}`),
      size: async () => Number(await server.query(`SELECT count(*) FROM ${table}`)),
      namespaces: (name) => open(`${table}_${name}`),
      capacity: { lacks: 'a table takes rows until the disk of its server is full' },
      handedInClient:
        connect === connectPostgresJs
          ? { lacks: 'the driver opens a client of its own' }
          : async () => (await connections[0]?.works?.()) === true,
      outage: { begin: () => server.stop(), end: () => server.start() },
    },
    async dispose() {
      await Promise.all(stores.map((store) => store.close()))
      await Promise.all(connections.map((connected) => connected.end()))
    },
  }
}
