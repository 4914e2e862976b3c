/**
 * A SQLite file as an engine: what is asked of it is done at once, under the guard of every engine.
 * @module
 */
import { createEngine, defaultEngineDeadlineMs } from './engine.ts'
import { ConfigurationError } from './errors.ts'
import { createSqliteConnection, type PreparedDatabase, type SqliteConnection } from './sqlite-connection.ts'
import type { StoreInspection } from './ticket-store.ts'

/** Which file. */
export interface SqliteFileOptions {
  /**
   * The file, on a disk of this machine. Made where there is none, for its owner's eyes only; while it is open, two more stand
   * beside it (`-wal`, `-shm`). It holds what wsticket keeps, tickets and session log, and nothing else.
   */
  readonly path: string
  /**
   * How long a lock of another process is waited for, in milliseconds, from 0 to 2,000. Default 1,000. The event loop is held up
   * as long; after one wait in vain nothing waits again until the lock was free.
   */
  readonly busyTimeoutMs?: number
}

/** Puts questions to a database. */
export interface SqliteEngine<Name extends string> {
  /**
   * What comes of some work on the database, with the statements that were prepared on it.
   * @param whenFull what is thrown where the disk is full; by default `unavailable`
   * @throws StoreError
   */
  ask<Answer>(work: (prepared: PreparedDatabase<Name>) => Answer, whenFull?: 'capacity'): Promise<Answer>
  /** As `Engine` does. */
  inspect(): Promise<StoreInspection>
  /** Closes the file. */
  close(): void
}

const defaultBusyTimeoutMs = 1000

const guarantee =
  'A ticket is redeemed at most once, over all processes of this machine that have the file open. A reboot, another file in its place, and the last of these processes closing it void what is outstanding. One more is possible where the disk loses what was written last and the machine goes on: a volume that is torn off and attached again.'

/**
 * Creates the asking side, with the SQL of its statements by their names. The first question opens the file.
 * @throws ConfigurationError for a path or a time that cannot be, and on a runtime without `node:sqlite`.
 */
export function createSqliteEngine<Name extends string>(
  { path, busyTimeoutMs = defaultBusyTimeoutMs }: SqliteFileOptions,
  sql: { readonly [name in Name]: string },
): SqliteEngine<Name> {
  requirePath(path)
  requireBusyTimeout(busyTimeoutMs)
  const connection = createSqliteConnection({ path, busyTimeoutMs, sql })
  const engine = createEngine({
    name: 'sqlite',
    deadlineMs: defaultEngineDeadlineMs,
    inspect: async () => inspect(connection),
    // Answers are not late here, and are not mixed up. And where no other process has the file open, closing it voids every ticket.
    reconnect: () => {},
  })
  return {
    ask: (work, whenFull) => engine.ask(async () => connection.run(work, whenFull)),
    inspect: () => engine.inspect(),
    close() {
      engine.close()
      connection.drop()
    },
  }
}

function inspect<Name extends string>(connection: SqliteConnection<Name>): StoreInspection {
  const { version, weaknesses } = connection.check()
  return { engine: `sqlite ${version}`, guarantee, weaknesses }
}

function requirePath(path: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new ConfigurationError('path', 'must be the path of a file')
  if (path === ':memory:')
    throw new ConfigurationError('path', 'must be the path of a file: for tickets in memory there is the memory store')
}

function requireBusyTimeout(busyTimeoutMs: number): void {
  if (Number.isInteger(busyTimeoutMs) && busyTimeoutMs >= 0 && busyTimeoutMs <= defaultEngineDeadlineMs) return
  throw new ConfigurationError(
    'busyTimeoutMs',
    `must be a whole number of milliseconds, at most ${defaultEngineDeadlineMs}`,
  )
}
