/**
 * A SQLite database as it is opened for tickets and for what is said of sessions: in a file that nobody else's tables are in, with a
 * log (WAL), and in a reign that can be named.
 * @module
 */
import { builtinModule } from './builtin-module.ts'
import { ConfigurationError, StoreError } from './errors.ts'
import { readSqliteFailure } from './sqlite-failure.ts'
import { makeDatabaseFile, tellsFilesystems } from './sqlite-file.ts'
import {
  areSameFiles,
  type DatabaseFiles,
  identifyDatabase,
  identifyFile,
  isSameFile,
  nameReign,
  readBootId,
} from './sqlite-reign.ts'

/** A prepared statement. */
export interface SqliteStatement {
  /**
   * Runs it to its end. There is a `get` as well, which leaves after the first row: in Node 22 and 24 nobody hears then that the
   * commit has failed, and the row of a ticket that was not spent is returned as that of one that was.
   */
  all(...values: readonly (string | number)[]): readonly SqliteRow[]
  run(...values: readonly (string | number)[]): { readonly changes: number | bigint }
}

/** A row, by the names of its columns. */
export interface SqliteRow {
  readonly [column: string]: unknown
}

/** What `new DatabaseSync` makes, as far as it is used. */
interface SqliteHandle {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  close(): void
}

/** An open database. */
export interface SqliteDatabase {
  readonly version: string
  /** What the tickets of now are good for: sqlite-reign.ts. */
  readonly reign: string
  /** Of this machine and this place, each a sentence that says what to do. */
  readonly weaknesses: readonly string[]
  prepare(sql: string): SqliteStatement
  /** How long it waits for a lock from now on, in milliseconds. */
  setPatience(busyTimeoutMs: number): void
  /** Takes the lock for writing, and lets it go. */
  tryToWrite(): void
  /**
   * Whether its files are still those that are found by its name. Where they are not, whoever opens the file now may share the log
   * with us and not the database, and either would bring back what the other has spent.
   */
  isInPlace(): boolean
  close(): void
}

type OpenHandle = (path: string) => SqliteHandle

// "wstk" in ASCII: the header of the file says whose it is (sqlite.org/fileformat.html, section 1.3.17).
const applicationId = 0x7773746b
const layoutVersion = 3

const layout = `
  CREATE TABLE wsticket_tickets (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('pending', 'redeemed', 'revoked')),
    expires_at INTEGER NOT NULL,
    reign TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX wsticket_tickets_expires_at ON wsticket_tickets (expires_at);
  CREATE TABLE wsticket_outstanding (
    subject TEXT NOT NULL,
    id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    reign TEXT NOT NULL,
    PRIMARY KEY (subject, id)
  ) STRICT;
  CREATE INDEX wsticket_outstanding_expires_at ON wsticket_outstanding (expires_at);
  CREATE TABLE wsticket_sessions (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT CHECK (number > 0),
    nonce TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    entry TEXT NOT NULL
  ) STRICT;
  CREATE INDEX wsticket_sessions_written_at ON wsticket_sessions (written_at);
  CREATE TABLE wsticket_nodes (
    node TEXT NOT NULL PRIMARY KEY,
    alive_until INTEGER NOT NULL,
    sessions INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE wsticket_directory (
    id TEXT NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    subject TEXT NOT NULL,
    entry TEXT NOT NULL
  ) STRICT;
  CREATE INDEX wsticket_directory_subject ON wsticket_directory (subject, id);
  CREATE INDEX wsticket_directory_node ON wsticket_directory (node);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${layoutVersion};`

const attemptsToKeepLog = 20

/**
 * What opens SQLite files in this runtime.
 * @throws ConfigurationError where nothing does.
 */
export function requireSqlite(): OpenHandle {
  const sqlite = builtinModule<{ readonly DatabaseSync: new (path: string) => SqliteHandle }>('node:sqlite')
  if (sqlite !== undefined) return (path) => new sqlite.DatabaseSync(path)
  throw new ConfigurationError('sqlite', 'needs Node 22.13 or later: this runtime has no node:sqlite')
}

/**
 * Opens the database at a path, and makes it where there is none.
 * @throws ConfigurationError where it is of no use for tickets; else what `node:fs` and `node:sqlite` throw.
 */
export function openSqliteDatabase(openHandle: OpenHandle, path: string, busyTimeoutMs: number): SqliteDatabase {
  const place = makeDatabaseFile(path)
  const found = identifyFile(place)
  const bootId = readBootId()
  const handle = openHandle(place)
  try {
    handle.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
    readyForTickets(handle, bootId)
    const files = identifyDatabase(place)
    if (files === undefined || !isSameFile(files.database, found))
      throw new StoreError('unavailable', 'the sqlite database was replaced while it was opened')
    return present({ handle, place, bootId, files })
  } catch (error) {
    handle.close()
    throw meaningOf(error)
  }
}

interface Opened {
  readonly handle: SqliteHandle
  readonly place: string
  readonly bootId: string | null
  readonly files: DatabaseFiles
}

function present({ handle, place, bootId, files }: Opened): SqliteDatabase {
  return {
    version: String(firstRow(handle, 'SELECT sqlite_version() AS version').version),
    reign: nameReign(bootId, files),
    weaknesses: [...weaknessesOf(bootId, files)],
    prepare: (sql) => handle.prepare(sql),
    setPatience: (busyTimeoutMs) => handle.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`),
    tryToWrite: () => handle.exec('BEGIN IMMEDIATE; COMMIT'),
    isInPlace: () => areSameFiles(files, identifyDatabase(place)),
    close: () => handle.close(),
  }
}

/** Makes the database ours, or sees that it is, and opens its log. A file of somebody else's is not written to. */
function readyForTickets(handle: SqliteHandle, bootId: string | null): void {
  handle.exec('BEGIN')
  const isNew = requireOursOrEmpty(handle) === 'empty'
  handle.exec('COMMIT')
  keepLog(handle)
  // NORMAL: what a crash of the machine takes away is void after it, for its tickets name the boot. Where the boot has no name,
  // every commit waits for the disk; on macOS also for the cache of the disk itself (sqlite.org/pragma.html).
  handle.exec(bootId !== null ? 'PRAGMA synchronous = NORMAL' : 'PRAGMA synchronous = FULL; PRAGMA fullfsync = ON')
  if (isNew) makeLayout(handle)
  // The log is made by the first look into the database, at the latest.
  handle.prepare('SELECT id FROM wsticket_tickets LIMIT 1').all()
}

function keepLog(handle: SqliteHandle): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { journal_mode: mode } = firstRow(handle, 'PRAGMA journal_mode = WAL')
      if (mode === 'wal') return
      throw new ConfigurationError('path', 'is where SQLite cannot keep a log (WAL): use another folder')
    } catch (error) {
      if (readSqliteFailure(error)?.kind !== 'busy' || attempt === attemptsToKeepLog) throw error
    }
    // For this one thing SQLite does not wait where another process looks into the database: wait for that one's lock, then.
    handle.exec('BEGIN IMMEDIATE; COMMIT')
  }
}

function makeLayout(handle: SqliteHandle): void {
  handle.exec('BEGIN IMMEDIATE')
  // Another process may have been quicker.
  if (requireOursOrEmpty(handle) === 'empty') handle.exec(layout)
  handle.exec('COMMIT')
}

function requireOursOrEmpty(handle: SqliteHandle): 'ours' | 'empty' {
  const { application_id: application } = firstRow(handle, 'PRAGMA application_id')
  const { user_version: version } = firstRow(handle, 'PRAGMA user_version')
  if (application === applicationId && version === layoutVersion) return 'ours'
  if (application === applicationId)
    throw new ConfigurationError('path', `was made by another version of wsticket: ${howToRemove}`)
  const { entries } = firstRow(handle, 'SELECT count(*) AS entries FROM sqlite_schema')
  if (application === 0 && version === 0 && entries === 0) return 'empty'
  throw new ConfigurationError('path', 'is a database of something else: give tickets a file of their own')
}

function firstRow(handle: SqliteHandle, sql: string): SqliteRow {
  return handle.prepare(sql).all()[0] ?? {}
}

function* weaknessesOf(bootId: string | null, { database }: DatabaseFiles): Generator<string> {
  if (bootId === null)
    yield 'This system does not name its boots, so every redemption waits for the disk, and the event loop with it: use Linux, or another store, where that is too slow.'
  if (database.birthtimeNs === 0n)
    yield 'This filesystem does not keep when a file was made: after a backup is restored, wait for the lifetime of a ticket before the service is started.'
  if (!tellsFilesystems)
    yield 'Network filesystems are recognized on Linux only: keep the file on a disk of this machine.'
}

const howToRemove = 'stop every process that has it open, and remove it with its -wal and -shm'

/** SQLite's own words for what is no database are taken for what they mean here. */
function meaningOf(error: unknown): unknown {
  const kind = readSqliteFailure(error)?.kind
  if (kind === 'foreign') return new ConfigurationError('path', 'is no SQLite database')
  if (kind === 'damaged') return new ConfigurationError('path', `is damaged: ${howToRemove}`)
  return error
}
