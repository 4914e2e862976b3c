/**
 * The table of the PostgreSQL store, and what is asked of it: each operation is one statement, in a transaction of its own
 * (docs/protocol.md).
 * @module
 */
import { sha256 } from './digest.ts'
import { ConfigurationError } from './errors.ts'
import type { PreparedStatement } from './postgres-driver.ts'

/** The name of the table unless told otherwise. */
export const defaultTable = 'wsticket_tickets'

const nameForm = /^(?:[a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/

/**
 * The name of a table as it stands in SQL. Every part is quoted: a keyword may name a table, too.
 * @throws ConfigurationError for a name that the store does not take.
 */
export function quote(table: string): string {
  if (nameForm.test(table)) return table.replace(/[^.]+/g, '"$&"')
  throw new ConfigurationError(
    'table',
    'must be a name such as auth.tickets, of up to 63 lower-case letters, digits and _',
  )
}

/**
 * The statement that creates the table; the store runs it itself where there is no table, and the role may.
 * @throws ConfigurationError for a name that the store does not take.
 */
export function postgresSchema(table: string = defaultTable): string {
  // Half of each page is left free: a ticket changes its state once, and its second version stays on the page of the first.
  // UNIQUE is an index for the sweep, in one statement with the table. A state that changes does not touch it.
  return `CREATE UNLOGGED TABLE IF NOT EXISTS ${quote(table)} (
  id text COLLATE "C" PRIMARY KEY,
  record text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'redeemed', 'revoked')),
  expires_at bigint NOT NULL,
  reign timestamptz NOT NULL DEFAULT pg_postmaster_start_time(),
  UNIQUE (expires_at, id)
) WITH (fillfactor = 50)`
}

/** Names a statement by its text: the same one of two tables are two, and one connection may see both. */
export function prepare(text: string): PreparedStatement {
  const name = `wsticket_${sha256(text).slice(0, 22)}`
  return (...values) => ({ name, text, values })
}

/** The statements, by what they do. `$1` is the ticket's id, `$2` the present in milliseconds, unless told otherwise. */
export interface PostgresStatements {
  /** `$2`: the record's text. `$3`: its `expiresAt`. */
  readonly insert: PreparedStatement
  /** Returns the record, which is spent then, or no row: `read` tells why. */
  readonly redeem: PreparedStatement
  /** Returns the id where there was something to void. */
  readonly revoke: PreparedStatement
  /** Returns record and state: `pending`, `redeemed`, `revoked` or `expired`. */
  readonly read: PreparedStatement
  /**
   * `$1`: the id of a subject's row, which holds no ticket but counts. `$2`: the ticket's id. `$3`: its `expiresAt`. `$4`: the present.
   * `$5`: the most. Returns the id of the row where the ticket is counted now.
   */
  readonly claim: PreparedStatement
  /** Returns as `over` when the first of the tickets is over that the row `$1` counts, or null. */
  readonly firstOver: PreparedStatement
  /** Takes the ticket `$2` off the row `$1`. */
  readonly giveBack: PreparedStatement
  /** `$1`: the present in milliseconds. Removes a number of rows, and returns how many. */
  readonly sweep: PreparedStatement
}

/** How many rows are swept at once: a statement that takes long is one that others wait for. */
export const sweepBatchRows = 1000

/** The statements on a table. Its name is quoted already. */
export function createPostgresStatements(table: string): PostgresStatements {
  const good = `id = $1 AND state = 'pending' AND expires_at > $2 AND reign = pg_postmaster_start_time()`
  const expired = `ctid = ANY (ARRAY (SELECT ctid FROM ${table} WHERE expires_at <= $1 LIMIT ${sweepBatchRows}))`
  const counted = `jsonb_each_text(counted.record::jsonb) AS ticket (id, over)
    WHERE over::bigint > $4::bigint AND counted.reign = pg_postmaster_start_time()`
  return {
    claim: prepare(`INSERT INTO ${table} AS counted (id, record, expires_at)
  VALUES ($1, jsonb_build_object($2::text, $3::bigint)::text, $3::bigint)
ON CONFLICT (id) DO UPDATE SET
  record = (SELECT coalesce(jsonb_object_agg(ticket.id, over::bigint), '{}') || jsonb_build_object($2::text, $3::bigint) FROM ${counted})::text,
  expires_at = greatest(counted.expires_at, excluded.expires_at),
  reign = excluded.reign
WHERE (SELECT count(*) FROM ${counted}) < $5::bigint RETURNING id`),
    firstOver: prepare(
      `SELECT (SELECT min(over::bigint) FROM ${counted.replace('$4', '$2')})::text AS over FROM ${table} AS counted WHERE id = $1`,
    ),
    giveBack: prepare(`UPDATE ${table} SET record = (record::jsonb - $2::text)::text WHERE id = $1`),
    insert: prepare(`INSERT INTO ${table} (id, record, expires_at) VALUES ($1, $2, $3) RETURNING id`),
    redeem: prepare(`UPDATE ${table} SET state = 'redeemed' WHERE ${good} RETURNING record`),
    revoke: prepare(`UPDATE ${table} SET state = 'revoked' WHERE ${good} RETURNING id`),
    read: prepare(
      `SELECT record, CASE WHEN state = 'pending' AND expires_at <= $2 THEN 'expired' ELSE state END AS state FROM ${table} WHERE id = $1 AND reign = pg_postmaster_start_time()`,
    ),
    sweep: prepare(
      `WITH swept AS (DELETE FROM ${table} WHERE expires_at <= $1 AND ${expired} RETURNING 1) SELECT count(*)::text AS rows FROM swept`,
    ),
  }
}
