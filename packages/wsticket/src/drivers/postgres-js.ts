/**
 * The PostgreSQL store over postgres.js.
 *
 * ```ts
 * const open = () => postgres(url, postgresJsOptions)
 * const store = createPostgresStore(fromPostgresJs(open(), { reopen: open }))
 * ```
 *
 * Not as far as `pg` goes: it does not tell whether a transaction is open. A connection on which the application has sent `BEGIN`
 * by hand, and no `COMMIT`, takes a redemption into that transaction, and back with it. Transactions belong into `sql.begin`.
 * @module
 */
import { ConfigurationError } from '../errors.ts'
import type { PostgresDriver, Row } from '../postgres-driver.ts'

/** A client of postgres.js (`sql`), as far as the store needs it. */
export interface PostgresJsClient {
  readonly options: PostgresJsClientOptions
  unsafe(text: string, values: (string | number)[], options: { readonly prepare: boolean }): PromiseLike<readonly Row[]>
  end(options: { readonly timeout: number }): Promise<void>
}

/** The options of a client that decide whether it waits for ever, or answers with something else. */
export interface PostgresJsClientOptions {
  readonly host: readonly string[]
  readonly max: number
  /** In seconds. */
  readonly connect_timeout: number
  /** From the number of failures to the pause before the next attempt in seconds; true for one second. */
  readonly backoff: boolean | ((failures: number) => number)
  readonly transform: { readonly [part in 'column' | 'value' | 'row']: { readonly from?: unknown } }
}

/** How the driver uses the client. */
export interface PostgresJsDriverOptions {
  /**
   * Opens another client like the one that is handed in. postgres.js cannot drop a connection whose server has vanished without
   * a word: it waits until the operating system gives it up, which takes a quarter of an hour. Where this is given, a new client
   * takes over at once. The driver ends what it has opened by this itself. Default: there is nothing to be done but wait.
   */
  readonly reopen?: () => PostgresJsClient
}

/** The options of postgres.js that matter here, in its own names and in seconds. */
export interface PostgresJsOptions {
  readonly max: number
  readonly connect_timeout: number
  readonly idle_timeout: number
  readonly keep_alive: number
  readonly backoff: () => number
  /** Not in the published types. */
  readonly max_pipeline: number
  readonly fetch_types: boolean
  /** In milliseconds. */
  readonly connection: { readonly statement_timeout: number }
}

const shortPauseS = 0.1

/**
 * Options that make a client right. The server gives up before the store does (`statement_timeout`), so that nobody waits for a
 * lock whose ticket was refused long ago; a PgBouncer that does not know this parameter refuses it: then set it for the role
 * (`ALTER ROLE ... SET statement_timeout`) and leave out `connection`. Nothing waits behind a statement that is slow
 * (`max_pipeline`), and a server that is back is found at once (`backoff`). Where a PgBouncer in transaction mode does not track
 * prepared statements, add `prepare: false`: a redemption takes two round trips then.
 */
export const postgresJsOptions: PostgresJsOptions = Object.freeze({
  max: 10,
  connect_timeout: 2,
  idle_timeout: 20,
  keep_alive: 10,
  backoff: () => shortPauseS,
  max_pipeline: 0,
  fetch_types: false,
  connection: Object.freeze({ statement_timeout: 1500 }),
})

const longestConnectS = 5
const manyFailures = 1000

/**
 * Binds a client. It may be shared with the application, and is never ended.
 * @throws ConfigurationError for a client that would wait too long, or whose answers are not those of the server.
 */
export function fromPostgresJs(sql: PostgresJsClient, { reopen }: PostgresJsDriverOptions = {}): PostgresDriver {
  requireSound(sql.options)
  let current = sql

  function replaceBy(next: PostgresJsClient): void {
    const former = current
    current = next
    if (former !== sql) former.end({ timeout: 0 }).catch(() => {})
  }

  return {
    async query({ text, values }) {
      return current.unsafe(text, values.slice(), { prepare: true })
    },
    reconnect() {
      try {
        if (reopen !== undefined) replaceBy(reopen())
      } catch {
        // The one that there is goes on.
      }
    },
    release() {
      replaceBy(sql)
    },
  }
}

/** Each of these was seen to hang, or to answer wrongly, with postgres.js 3.4.9. */
function requireSound({ host, max, connect_timeout, backoff, transform }: PostgresJsClientOptions): void {
  if (host.length > 1)
    throw new ConfigurationError('host', 'must be one: with several, a query whose connection breaks is never answered')
  if (max < 2)
    throw new ConfigurationError(
      'max',
      'must be 2 or more: with one connection, BEGIN takes the statements of others in',
    )
  if (!(connect_timeout > 0 && connect_timeout <= longestConnectS))
    throw new ConfigurationError('connect_timeout', `must be ${longestConnectS} seconds or less: use postgresJsOptions`)
  if (typeof backoff === 'function' && backoff(manyFailures) > longestConnectS)
    throw new ConfigurationError(
      'backoff',
      `must stay below ${longestConnectS} seconds, or a server that is back is not found: use postgresJsOptions`,
    )
  if ([transform.column, transform.value, transform.row].some(({ from }) => from !== undefined && from !== null))
    throw new ConfigurationError('transform', 'must be left out: hand in a client of its own for tickets')
}
