/**
 * What is asked of the table of the PostgreSQL store: each operation is one statement, in a transaction of its own
 * (docs/protocol.md).
 * @module
 */
import { type PreparedStatement, prepare } from './postgres-driver.ts'

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
  /** `$1`: the present in milliseconds. Removes a number of rows, and returns how many. */
  readonly sweep: PreparedStatement
}

/** How many rows are swept at once: a statement that takes long is one that others wait for. */
export const sweepBatchRows = 1000

/** The statements on a table. Its name is quoted already. */
export function createPostgresStatements(table: string): PostgresStatements {
  const good = `id = $1 AND state = 'pending' AND expires_at > $2 AND reign = pg_postmaster_start_time()`
  const expired = `ctid = ANY (ARRAY (SELECT ctid FROM ${table} WHERE expires_at <= $1 LIMIT ${sweepBatchRows}))`
  return {
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
