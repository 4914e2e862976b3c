/**
 * Session log in PostgreSQL: one table of the primary, which is logged and outlives a crash. Entries come into sight in the order of
 * their ids; what a failover or a restored backup takes along is noticed where it held the position of a node.
 * @module
 */
import { requireDeadline } from '../deadline.ts'
import { defaultEngineDeadlineMs } from '../engine.ts'
import {
  newNonce,
  type PositionParts,
  parsePosition,
  positionOf,
  readEntries,
  readEntry,
  writeEntry,
} from '../entry-text.ts'
import { StoreError } from '../errors.ts'
import type { PostgresDriver, Row, Statement } from '../postgres-driver.ts'
import { createPostgresEngine, rejectForWant, stateOf, uniqueViolation } from '../postgres-engine.ts'
import { createPostgresLogStatements, defaultLogTable } from '../postgres-log-statements.ts'
import { quote } from '../postgres-statements.ts'
import { logTable } from '../postgres-tables.ts'
import { entryAgeMs, type LoggedEntry, type LogPosition, type SessionLog } from '../session-log.ts'

export { postgresLogSchema } from '../postgres-log-statements.ts'

/** Options of the PostgreSQL log. */
export interface PostgresSessionLogOptions {
  /** The table, with its schema or without. Lower-case letters, digits and `_`. Default `wsticket_tickets_log`. */
  readonly table?: string
  /** How long the server may take to answer, in milliseconds. Default 2,000. */
  readonly deadlineMs?: number
}

/**
 * Creates a log on a table of the primary, over a driver that no store has: closing either releases it. Asks the server nothing yet.
 * @throws ConfigurationError for a name or a deadline that cannot be.
 */
export function createPostgresSessionLog(driver: PostgresDriver, options: PostgresSessionLogOptions = {}): SessionLog {
  const { table = defaultLogTable, deadlineMs = defaultEngineDeadlineMs } = options
  const statements = createPostgresLogStatements(quote(table))
  const engine = createPostgresEngine(driver, { table, shape: logTable, deadlineMs: requireDeadline(deadlineMs) })

  /** An id is drawn that is not behind all others, or is taken: by a restored table, or a server that was a copy. */
  function rejectBehind(error: unknown): never {
    if (!['22012', uniqueViolation].includes(String(stateOf(error)))) return rejectForWant(error)
    throw new StoreError('malformed', `the ids of the session log were set back: ${setForward(table)}`)
  }

  const rowsOf = (statement: Statement) => engine.ask((asker) => driver.query(statement, asker))

  return {
    name: 'postgres',
    append(entry) {
      const nonce = newNonce()
      const statement = statements.append(nonce, writeEntry(entry), entryAgeMs)
      return engine.ask(async (asker) => {
        const [row] = await driver.query(statement, asker).catch(rejectBehind)
        if (row?.nonce !== nonce) throw new StoreError('corrupt', 'the log answered about another entry')
        return positionOf(row.number, nonce)
      })
    },
    async readAfter(position, most) {
      if (position === null) return readEntries(await rowsOf(statements.readFrom(0, most)), entryOf)
      const { sequence, nonce } = partsOf(position)
      // In one snapshot: the entry at the position, and what is behind it.
      const [at, ...behind] = await rowsOf(statements.readFrom(sequence, most + 1))
      return at?.number === sequence && at.nonce === nonce ? readEntries(behind, entryOf) : 'lost'
    },
    async close() {
      engine.close()
      driver.release()
    },
  }
}

function setForward(table: string): string {
  const name = quote(table)
  return `SELECT setval(pg_get_serial_sequence('${name}', 'id'), (SELECT max(id) FROM ${name}))`
}

// No entry has this id. Asked for all the same where a position is none of ours: a log that is closed or away says so.
const nowhere: PositionParts = { sequence: '0', nonce: '' }

function partsOf(position: LogPosition): PositionParts {
  const parts = parsePosition(position)
  // Anything longer is no number to the server.
  return parts !== null && /^\d{1,18}$/.test(parts.sequence) ? parts : nowhere
}

function entryOf({ number, nonce, entry }: Row): LoggedEntry {
  return { position: positionOf(number, nonce), entry: readEntry(entry) }
}
