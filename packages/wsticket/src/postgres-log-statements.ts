/**
 * The table of the session log in PostgreSQL, and what is asked of it: each operation is one statement, in a transaction of its own
 * (docs/protocol.md).
 * @module
 */
import type { PreparedStatement } from './postgres-driver.ts'
import { defaultTable, prepare, quote } from './postgres-statements.ts'

/** The log that stands beside a table of tickets. */
export function logTableOf(table: string): string {
  return `${table}_log`
}

/** The name of the log's table unless told otherwise. */
export const defaultLogTable: string = logTableOf(defaultTable)

/**
 * The statement that creates the log's table; the log runs it itself where there is no table, and the role may.
 * @throws ConfigurationError for a name that the log does not take.
 */
export function postgresLogSchema(table: string = defaultLogTable): string {
  return `CREATE TABLE IF NOT EXISTS ${quote(table)} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  nonce text NOT NULL,
  entry text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`
}

/** The statements, by what they do. */
export interface PostgresLogStatements {
  /**
   * `$1`: the nonce. `$2`: the entry. `$3`: the age of an old entry in milliseconds. Writes the entry behind all others, drops up to 64 of
   * the oldest that have an old one behind them, and returns as `number` the id of the new one, and its nonce.
   */
  readonly append: PreparedStatement
  /** Returns `number`, `nonce` and `entry` of those whose id is `$1` or more, in order, `$2` at the most. */
  readonly readFrom: PreparedStatement
}

/** "wstk", and the number of the table behind it: however a program spells the name, it is the same lock. */
const lockSpace = '8607351315745472512'

/** The statements on a table. Its name is quoted already. */
export function createPostgresLogStatements(table: string): PostgresLogStatements {
  return {
    // Who has the turn draws an id, and keeps the turn until the commit: entries come into sight in the order of their ids. What is dropped
    // is always the beginning, also where the clock has gone back meanwhile. Where the sequence was set back, nobody would read the entry:
    // the last condition is a division by zero then.
    append: prepare(`WITH turn AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(${lockSpace} + '${table}'::regclass::oid::bigint)
), oldest AS (
  SELECT ctid AS place, id, bool_and(written_at <= clock_timestamp() - $3::bigint * interval '1 millisecond') OVER (ORDER BY id) AS is_old
  FROM ${table} ORDER BY id LIMIT 65
), dropped AS (
  DELETE FROM ${table} USING turn
  WHERE ctid = ANY (ARRAY (SELECT place FROM oldest WHERE id < (SELECT max(id) FROM oldest WHERE is_old)))
)
INSERT INTO ${table} (nonce, entry) SELECT $1, $2 FROM turn
RETURNING id::text AS number, nonce, 1 / (id > (SELECT coalesce(max(id), 0) FROM ${table}))::int AS ahead`),
    // The first condition is a division by zero on a standby, which may be behind.
    readFrom: prepare(
      `SELECT id::text AS number, nonce, entry FROM ${table} WHERE (SELECT 1 / (NOT pg_is_in_recovery())::int) = 1 AND id >= $1 ORDER BY id LIMIT $2`,
    ),
  }
}
