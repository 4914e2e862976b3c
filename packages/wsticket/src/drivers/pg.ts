/**
 * The PostgreSQL store over `pg`, by a pool.
 *
 * ```ts
 * const pool = new Pool({ connectionString, ...pgOptions })
 * const store = createPostgresStore(fromPg(pool))
 * ```
 * @module
 */
import type { Asker } from '../asker.ts'
import { ConfigurationError } from '../errors.ts'
import type { PostgresDriver, Row, Statement } from '../postgres-driver.ts'

/** A connection of `pg`, as far as the store needs it. */
export interface PgClient {
  query(statement: {
    readonly name?: string
    readonly text: string
    readonly values: (string | number)[]
  }): Promise<{ readonly rows: readonly Row[] }>
  on(event: 'error', listener: (error: Error) => void): unknown
  release(destroy?: boolean): void
  /** `I` after a statement that was a transaction of its own. Not in the published types. */
  getTransactionStatus?(): string | null
}

/** A `Pool` of `pg`, as far as the store needs it. */
export interface PgPool {
  readonly options: { readonly connectionTimeoutMillis?: number | undefined }
  readonly idleCount: number
  connect(): Promise<PgClient>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'connect', listener: (client: PgClient) => void): unknown
  listenerCount(event: 'error'): number
}

/** How the driver uses the pool. */
export interface PgDriverOptions {
  /**
   * Whether statements are prepared under a name, once for each connection. Default true. False is for a PgBouncer in
   * transaction mode that does not track prepared statements (before 1.21, or `max_prepared_statements = 0`): there a statement
   * fails whose connection has never heard of it, and tickets are refused.
   */
  readonly preparedStatements?: boolean
}

/** The members of `PoolConfig` that matter here, in its own names and in milliseconds. */
export interface PgOptions {
  readonly max: number
  readonly connectionTimeoutMillis: number
  readonly statement_timeout: number
  readonly keepAlive: boolean
  readonly keepAliveInitialDelayMillis: number
}

/**
 * Options that make a pool right. The server gives up before the store does (`statement_timeout`), so that nobody waits for a
 * lock whose ticket was refused long ago: the store refuses a server that waits for ever. A PgBouncer that does not know this
 * parameter refuses it: then set it for the role (`ALTER ROLE ... SET statement_timeout`) and leave it out here.
 */
export const pgOptions: PgOptions = Object.freeze({
  max: 10,
  // Less than the store waits, which would otherwise take the wait for a connection as the silence of a server.
  connectionTimeoutMillis: 1500,
  statement_timeout: 1500,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
})

const longestConnectMs = 5000

/**
 * Binds a pool. It may be shared with the application, and is never closed. A pool that nobody listens to would end the process
 * when the server closes an idle connection: then, and only then, it is given a listener that ignores this.
 * @throws ConfigurationError for a pool that would wait for a connection for ever.
 */
export function fromPg(pool: PgPool, { preparedStatements = true }: PgDriverOptions = {}): PostgresDriver {
  requireBoundedConnect(pool.options.connectionTimeoutMillis)
  survive(pool)
  const underWay = createUnderWay()

  async function ask(client: PgClient, { name, text, values }: Statement): Promise<readonly Row[]> {
    const parameters = values.slice()
    const { rows } = await client.query(
      preparedStatements ? { name, text, values: parameters } : { text, values: parameters },
    )
    requireOwnTransaction(client)
    return rows
  }

  return {
    async query(statement, asker) {
      const asked = underWay.begin(asker)
      try {
        const client = await checkOut(pool, asker)
        asked.client = client
        const rows = await ask(client, statement)
        underWay.end(asked, false)
        return rows
      } catch (error) {
        underWay.end(asked, !isIntact(error))
        throw error
      }
    },
    dropLate: underWay.dropLate,
    reconnect() {
      // Each connection is a line of its own. Where none is late, answers were mixed up, and whose they were is not known.
      if (underWay.dropLate() === 0) underWay.dropAll()
      // As many as are idle now: each of them comes at once, and may be of a line that is broken.
      for (let idle = pool.idleCount; idle > 0; idle -= 1) pool.connect().then(discard, ignore)
    },
    release: ignore,
  }
}

/** A statement, from when it is asked for until it is answered or dropped. */
interface Asked {
  readonly asker: Asker
  /** Null while it waits for a connection. */
  client: PgClient | null
}

/** All statements that are under way. */
interface UnderWay {
  begin(asker: Asker): Asked
  /** Gives the connection back, or destroys it. */
  end(asked: Asked, destroy: boolean): void
  /** Says how many there were. */
  dropLate(): number
  dropAll(): void
}

function createUnderWay(): UnderWay {
  const all = new Set<Asked>()

  function end(asked: Asked, destroy: boolean): void {
    // It may have been dropped before.
    if (all.delete(asked)) asked.client?.release(destroy)
  }

  return {
    begin(asker) {
      const asked: Asked = { asker, client: null }
      all.add(asked)
      return asked
    },
    end,
    dropLate() {
      const late = [...all].filter(({ asker }) => asker.over)
      for (const asked of late) end(asked, true)
      return late.length
    },
    dropAll() {
      for (const asked of all) if (asked.client !== null) end(asked, true)
    },
  }
}

const survived = new WeakSet<PgPool | PgClient>()

/**
 * A connection that fails while it is checked out ends the process, too, where nobody listens: also the one that fails in the
 * very bytes in which it says that it is ready, before its pool has told us of it.
 */
function survive(pool: PgPool): void {
  if (pool.listenerCount('error') === 0) pool.on('error', ignore)
  if (survived.has(pool)) return
  survived.add(pool)
  pool.on('connect', surviveClient)
}

function surviveClient(client: PgClient): void {
  if (survived.has(client)) return
  survived.add(client)
  client.on('error', ignore)
}

/** Takes a connection out of a pool, for somebody who still waits when there is one. */
async function checkOut(pool: PgPool, asker: Asker): Promise<PgClient> {
  const client = await pool.connect()
  // It may be older than this driver.
  surviveClient(client)
  if (!asker.over) return client
  client.release()
  throw new Error('nobody waits for the answer any more')
}

function requireBoundedConnect(timeoutMs: number | undefined): void {
  if (timeoutMs !== undefined && timeoutMs >= 1 && timeoutMs <= longestConnectMs) return
  throw new ConfigurationError(
    'connectionTimeoutMillis',
    `of the pool must be from 1 to ${longestConnectMs}, or it waits for connections for ever: use pgOptions`,
  )
}

/**
 * A connection that went back to the pool within a transaction (`BEGIN`, and no `COMMIT`) takes our statement into it: a ticket
 * that was spent there is good again when that transaction is rolled back.
 */
function requireOwnTransaction(client: PgClient): void {
  if (client.getTransactionStatus === undefined)
    throw new ConfigurationError('pool', 'must be of pg 8.23 or later, which tells whether a transaction is open')
  if (client.getTransactionStatus() !== 'I')
    throw new Error('the connection was left within a transaction by somebody else')
}

/** After the server has said that an id is taken, the connection is as good as before. Whatever else goes wrong is rare. */
function isIntact(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23505'
}

function discard(client: PgClient): void {
  client.release(true)
}

function ignore(): void {}
