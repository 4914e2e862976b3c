/**
 * Port: what the store and the session log ask of a PostgreSQL client. Implementations stand in `drivers/`, a few lines for each
 * client, which also see to it that the client neither runs a statement twice nor waits for ever.
 * @module
 */
import type { Asker } from './asker.ts'

/** A statement, and what takes the place of `$1`, `$2`. */
export interface Statement {
  /** Names the statement, so that the server plans it once for each connection. Unique for its text. */
  readonly name: string
  readonly text: string
  readonly values: readonly (string | number)[]
}

/** A statement, for any values. */
export type PreparedStatement = (...values: readonly (string | number)[]) => Statement

/** A row, by column. Every column that the store asks for is text, so that no client's own types come between. */
export type Row = { readonly [column: string]: unknown }

/** A PostgreSQL client. The store never ends one that was handed in: who opened it does. */
export interface PostgresDriver {
  /**
   * Runs one statement in a transaction of its own, and resolves with its rows once the commit is acknowledged. MUST reject
   * with the error of the server, `code` (SQLSTATE) included, and where the statement ran within a transaction that somebody
   * else has begun, if the client can tell. MUST NOT run the statement again once it may have been executed,
   * and MUST NOT send it where nobody waits any more, if the client can tell when it is about to.
   */
  query(statement: Statement, asker: Asker): Promise<readonly Row[]>

  /** Drops each connection on which something runs that nobody waits for any more, where the client can. MUST NOT throw. */
  dropLate(): void

  /**
   * Drops what may be of a line that is broken: at least each connection on which something is late, or all of them where
   * nothing is, for answers were mixed up then. Where the client can. MUST NOT throw.
   */
  reconnect(): void

  /** Ends what the driver has opened itself, and nothing else. Called when the store or the log is closed. MUST NOT throw. */
  release(): void
}
