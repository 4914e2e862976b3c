/**
 * Port: what the PostgreSQL store asks of a PostgreSQL client. Implementations stand in `drivers/`, a few lines for each
 * client.
 * @module
 */

/** A statement, and what takes the place of `$1`, `$2`. */
export interface Statement {
  /** Names the statement, so that the server plans it once for each connection. Unique for its text. */
  readonly name: string
  readonly text: string
  readonly values: readonly (string | number)[]
}

/** A row, by column: texts as strings, `bigint` as strings too. */
export type Row = { readonly [column: string]: unknown }

/** A PostgreSQL client. The store never closes it: who opened it does. */
export interface PostgresDriver {
  /**
   * Runs one statement in a transaction of its own, and resolves with its rows once the commit is acknowledged. MUST reject
   * with the error of the server, `code` (SQLSTATE) included. MUST NOT run the statement again.
   */
  query(statement: Statement): Promise<readonly Row[]>

  /** Drops the connections on which answers are late, where the client can. MUST NOT throw. */
  reconnect(): void
}
