/**
 * The PostgreSQL store over postgres.js.
 *
 * ```ts
 * const store = createPostgresStore(fromPostgresJs(() => postgres(url, postgresJsOptions)))
 * ```
 *
 * The client is the driver's own, and nobody else's statements run there: postgres.js does not tell whether a transaction is open,
 * and a redemption within the transaction of somebody else would go back with it.
 * @module
 */
import type { Asker } from '../asker.ts'
import { ConfigurationError } from '../errors.ts'
import type { PostgresDriver, Row } from '../postgres-driver.ts'

/** A client of postgres.js (`sql`), as far as the store needs it. */
export interface PostgresJsClient {
  readonly options: PostgresJsClientOptions
  unsafe(text: string, values: (string | number)[], options: { readonly prepare: boolean }): PostgresJsQuery
  end(options: { readonly timeout: number }): Promise<void>
}

/** A statement, which is sent once its result is asked for. */
export interface PostgresJsQuery extends PromiseLike<readonly Row[]> {
  /** Null until it is sent. Not in the published types. */
  readonly state?: unknown
  cancel(): void
}

/** The options of a client that decide whether it waits for ever, or answers with something else. */
export interface PostgresJsClientOptions {
  readonly host: readonly string[]
  /** In seconds. */
  readonly connect_timeout: number
  /** From the number of failures to the pause before the next attempt in seconds; true for one second. */
  readonly backoff: boolean | ((failures: number) => number)
  /** How many statements are sent behind one that was not answered yet. Not in the published types. */
  readonly max_pipeline?: number
  readonly transform: { readonly [part in 'column' | 'value' | 'row']: { readonly from?: unknown } }
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
 * Options that make the driver's client right. The server gives up before the store does (`statement_timeout`), so that nobody
 * waits for a lock whose ticket was refused long ago: the store refuses a server that waits for ever. A PgBouncer that does not
 * know this parameter refuses it: then set it for the role (`ALTER ROLE ... SET statement_timeout`) and leave out `connection`.
 * Nothing is sent behind a statement that is slow, where it would be executed when nobody waits for it any more (`max_pipeline`:
 * not for the clients of an application, whose `sql.begin` needs 1 or more). A server that is back is found at once (`backoff`).
 * Where a PgBouncer in transaction mode does not track prepared statements, add `prepare: false`: a redemption takes two round
 * trips then.
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
 * Binds postgres.js. The driver opens its client, puts another in its place where the server says nothing any more, and ends it
 * with the store. postgres.js cannot drop a connection whose server has vanished without a word, but with the whole client.
 * @param open must open another client each time, which nobody else uses. Called twice at once, to see that it does.
 * @throws ConfigurationError for a client that would wait too long, whose answers are not those of the server, or that is shared.
 */
export function fromPostgresJs(open: () => PostgresJsClient): PostgresDriver {
  let current: Owned = { client: openSound(open), underWay: new Set() }
  requireAnother(open(), current.client)
  const retired = new Set<Owned>()
  let released = false

  return {
    async query({ text, values }, asker) {
      const { client, underWay } = current
      const asked = { asker, query: client.unsafe(text, values.slice(), { prepare: true }) }
      underWay.add(asked)
      try {
        return await asked.query
      } finally {
        underWay.delete(asked)
        dropUnused(retired)
      }
    },
    dropLate: () => dropUnused(retired),
    reconnect() {
      if (released) return
      try {
        const next = { client: openSound(open), underWay: new Set<Asked>() }
        retired.add(current)
        current = next
      } catch {
        // The one that there is goes on.
      }
      dropUnused(retired)
    },
    release() {
      released = true
      for (const { client } of [current, ...retired]) end(client)
    },
  }
}

/** A statement, from when it is asked for until it is answered. */
interface Asked {
  readonly asker: Asker
  readonly query: PostgresJsQuery
}

/** A client of the driver, and what was asked by it and has not been answered. */
interface Owned {
  readonly client: PostgresJsClient
  readonly underWay: Set<Asked>
}

/** What somebody still waits for goes on; what nobody does is not sent any more. */
function dropUnused(retired: Set<Owned>): void {
  for (const owned of retired) {
    for (const { asker, query } of owned.underWay) if (asker.over && query.state === null) query.cancel()
    if ([...owned.underWay].some(({ asker }) => !asker.over)) continue
    retired.delete(owned)
    end(owned.client)
  }
}

function openSound(open: () => PostgresJsClient): PostgresJsClient {
  const client = open()
  if (typeof client?.unsafe !== 'function')
    throw new ConfigurationError('open', 'must open a client: fromPostgresJs(() => postgres(url, postgresJsOptions))')
  requireSound(client.options)
  return client
}

function requireAnother(client: PostgresJsClient, first: PostgresJsClient): void {
  if (client === first)
    throw new ConfigurationError(
      'open',
      'must open a client that nobody else uses: a redemption within the transaction of another goes back with it',
    )
  end(client)
}

function end(client: PostgresJsClient): void {
  client.end({ timeout: 0 }).catch(() => {})
}

/** Each of these was seen to hang, or to answer wrongly, with postgres.js 3.4.9. */
function requireSound(options: PostgresJsClientOptions): void {
  const { host, connect_timeout, backoff, max_pipeline, transform } = options
  if (host.length > 1)
    throw new ConfigurationError('host', 'must be one: with several, a query whose connection breaks is never answered')
  if (!(connect_timeout > 0 && connect_timeout <= longestConnectS))
    throw new ConfigurationError('connect_timeout', `must be ${longestConnectS} seconds or less: use postgresJsOptions`)
  if (typeof backoff === 'function' && backoff(manyFailures) > longestConnectS)
    throw new ConfigurationError(
      'backoff',
      `must stay below ${longestConnectS} seconds, or a server that is back is not found: use postgresJsOptions`,
    )
  if (max_pipeline !== 0)
    throw new ConfigurationError(
      'max_pipeline',
      'must be 0, or a redemption is sent behind a statement that is never answered: use postgresJsOptions',
    )
  if ([transform.column, transform.value, transform.row].some(({ from }) => from !== undefined && from !== null))
    throw new ConfigurationError('transform', 'must be left out')
}
