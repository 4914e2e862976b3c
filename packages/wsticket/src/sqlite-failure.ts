/**
 * What SQLite reports when it fails, through `node:sqlite`.
 * @module
 */

/** A failure of SQLite. After any of them nothing was written, or what was is rolled back. */
export interface SqliteFailure {
  readonly kind: 'busy' | 'damaged' | 'full' | 'foreign' | 'other'
  /** SQLite's words for it, always the same: they quote nothing. */
  readonly words: string
}

// The lowest byte of a result code: sqlite.org/rescode.html.
const kinds: ReadonlyMap<number, SqliteFailure['kind']> = new Map([
  [5, 'busy'],
  [11, 'damaged'],
  [13, 'full'],
  [26, 'foreign'],
])

/** What was thrown, as a failure of SQLite; null where it is none. */
export function readSqliteFailure(error: unknown): SqliteFailure | null {
  const { errcode, errstr } = (error ?? {}) as { errcode?: unknown; errstr?: unknown }
  if (typeof errcode !== 'number') return null
  return { kind: kinds.get(errcode & 0xff) ?? 'other', words: String(errstr) }
}
