/**
 * A store's connection to its SQLite database: opened when it is needed, dropped when it is of no more use. What it is asked is done
 * at once and holds up the event loop, so a lock is waited for in vain only once.
 * @module
 */
import { StoreError } from './errors.ts'
import { openSqliteDatabase, requireSqlite, type SqliteDatabase, type SqliteStatement } from './sqlite-database.ts'
import { readSqliteFailure } from './sqlite-failure.ts'

/** An open database, and what was prepared on it. */
export interface PreparedDatabase<Name extends string> {
  readonly database: SqliteDatabase
  readonly statements: { readonly [name in Name]: SqliteStatement }
}

/** What a connection is made of. */
export interface SqliteConnectionOptions<Name extends string> {
  readonly path: string
  /** How long a lock is waited for, in milliseconds. */
  readonly busyTimeoutMs: number
  /** What is prepared on the database, by name. */
  readonly sql: { readonly [name in Name]: string }
}

/** Opens a database when it is needed. */
export interface SqliteConnection<Name extends string> {
  /**
   * What comes of some work on the database, which is done at once.
   * @throws StoreError as the work throws it; `unavailable`, or what is said here for a full disk, for whatever SQLite reports. Also
   * what opening throws.
   */
  run<Result>(work: (prepared: PreparedDatabase<Name>) => Result, whenFull?: 'capacity'): Result
  /**
   * The database, if it can be written to now.
   * @throws ConfigurationError where it is of no use for tickets, else as `run`.
   */
  check(): SqliteDatabase
  /** Closes the database. What comes next opens it anew. */
  drop(): void
}

/**
 * Creates a connection, and opens nothing yet.
 * @throws ConfigurationError on a runtime without `node:sqlite`.
 */
export function createSqliteConnection<Name extends string>(
  options: SqliteConnectionOptions<Name>,
): SqliteConnection<Name> {
  const openHandle = requireSqlite()
  let prepared: PreparedDatabase<Name> | null = null
  let patienceMs = options.busyTimeoutMs

  function setPatience(ms: number): void {
    patienceMs = ms
    prepared?.database.setPatience(ms)
  }

  function drop(): void {
    prepared?.database.close()
    prepared = null
  }

  function usable(): PreparedDatabase<Name> {
    if (prepared?.database.isInPlace() === false) drop()
    prepared ??= prepareAll(openSqliteDatabase(openHandle, options.path, patienceMs), options.sql)
    return prepared
  }

  function run<Result>(work: (prepared: PreparedDatabase<Name>) => Result, whenFull?: 'capacity'): Result {
    try {
      return work(usable())
    } catch (error) {
      const failure = requireFailure(error)
      if (failure.kind === 'busy') setPatience(0)
      else if (failure.kind !== 'full') drop()
      throw new StoreError((failure.kind === 'full' && whenFull) || 'unavailable', `sqlite: ${failure.words}`)
    }
  }

  return {
    run,
    check: () =>
      run(({ database }) => {
        database.tryToWrite()
        setPatience(options.busyTimeoutMs)
        return database
      }),
    drop,
  }
}

/** What SQLite reports; anything else is none of its failures. */
function requireFailure(error: unknown) {
  const failure = readSqliteFailure(error)
  if (failure === null) throw error
  return failure
}

function prepareAll<Name extends string>(
  database: SqliteDatabase,
  sql: { readonly [name in Name]: string },
): PreparedDatabase<Name> {
  const names = Object.keys(sql) as Name[]
  try {
    const statements = Object.fromEntries(names.map((name) => [name, database.prepare(sql[name])]))
    return { database, statements: statements as { [name in Name]: SqliteStatement } }
  } catch (error) {
    database.close()
    throw error
  }
}
