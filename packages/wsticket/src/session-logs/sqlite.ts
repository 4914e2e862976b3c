/**
 * Session log in a SQLite file (`node:sqlite`): a table beside the tickets, for all processes of one machine that have the file open.
 * What another file in its place takes along is noticed where it held the position of a node; a reboot ends the nodes, too.
 * @module
 */
import { type Clock, systemClock } from '../clock.ts'
import { newNonce, parsePosition, positionOf, readEntries, readEntry, writeEntry } from '../entry-text.ts'
import { entryAgeMs, type LoggedEntry, type SessionLog } from '../session-log.ts'
import type { SqliteRow } from '../sqlite-database.ts'
import { createSqliteEngine, type SqliteFileOptions } from '../sqlite-engine.ts'

/** Where the log is kept. */
export interface SqliteSessionLogOptions extends SqliteFileOptions {
  /** Default: the machine's clock. Decides only what is dropped when. */
  readonly clock?: Clock
}

const trimBatch = 64

// Numbers are read as text: those that another program may have given do not fit into a number of JavaScript.
const sql = {
  // One process writes at a time, and what it has not committed has no number yet: numbers are in the order of the commits.
  append:
    'INSERT INTO wsticket_sessions (nonce, written_at, entry) VALUES (?, ?, ?) RETURNING CAST(number AS TEXT) AS at',
  // One statement sees one state of the table.
  readFrom: `SELECT CAST(number AS TEXT) AS at, nonce, entry FROM wsticket_sessions
    WHERE number >= ? ORDER BY number LIMIT ?`,
  // Whatever stands before an old entry has an old one behind it, whichever clock wrote when that was.
  trim: `DELETE FROM wsticket_sessions WHERE number IN (SELECT number FROM wsticket_sessions
    WHERE number < (SELECT number FROM wsticket_sessions WHERE written_at <= ? ORDER BY written_at DESC, number DESC LIMIT 1)
    ORDER BY number LIMIT ${trimBatch})`,
}

/**
 * Creates a log on a file, which the first question opens. It may be that of a store.
 * @throws ConfigurationError for a path or a time that cannot be, and on a runtime without `node:sqlite`.
 */
export function createSqliteSessionLog({ clock = systemClock, ...file }: SqliteSessionLogOptions): SessionLog {
  const { ask, close } = createSqliteEngine(file, sql)
  return {
    name: 'sqlite',
    append: (entry) =>
      ask(({ statements }) => {
        const now = clock()
        const nonce = newNonce()
        statements.trim.run(now - entryAgeMs)
        return positionOf(statements.append.all(nonce, now, writeEntry(entry))[0]?.at, nonce)
      }, 'capacity'),
    readAfter: (position, most) =>
      ask(({ statements }) => {
        if (position === null) return readEntries(statements.readFrom.all(first, most), entryOf)
        // Of a position that is that of no engine, the first entry is not the one.
        const [found, ...behind] = statements.readFrom.all(parsePosition(position)?.sequence ?? first, most + 1)
        return [found?.at, found?.nonce].join('/') === position ? readEntries(behind, entryOf) : 'lost'
      }),
    async close() {
      close()
    },
  }
}

const first = '1'

function entryOf({ at, nonce, entry }: SqliteRow): LoggedEntry {
  return { position: positionOf(at, nonce), entry: readEntry(entry) }
}
