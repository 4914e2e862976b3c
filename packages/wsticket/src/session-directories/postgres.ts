/**
 * Session directory in PostgreSQL: one table of the primary, which is not logged. What a crash or a failover takes along each node tells
 * again.
 * @module
 */
import type { EpochMs } from '../clock.ts'
import { requireDeadline } from '../deadline.ts'
import { sha256 } from '../digest.ts'
import { createSweep } from '../directory-sweep.ts'
import { readDirectoryEntry, writeDirectoryEntry } from '../directory-text.ts'
import { defaultEngineDeadlineMs } from '../engine.ts'
import { StoreError } from '../errors.ts'
import { createPostgresDirectoryStatements, defaultDirectoryTable } from '../postgres-directory-statements.ts'
import type { PostgresDriver, Row, Statement } from '../postgres-driver.ts'
import { createPostgresEngine, rejectForWant } from '../postgres-engine.ts'
import { quote } from '../postgres-statements.ts'
import { directoryTable } from '../postgres-tables.ts'
import type { DirectoryEntry, NodeNews, SessionDirectory } from '../session-directory.ts'

export { postgresDirectorySchema } from '../postgres-directory-statements.ts'

/** Options of the PostgreSQL directory. */
export interface PostgresSessionDirectoryOptions {
  /** The table, with its schema or without. Lower-case letters, digits and `_`. Default `wsticket_tickets_on`. */
  readonly table?: string
  /** How long the server may take to answer, in milliseconds. Default 2,000. */
  readonly deadlineMs?: number
}

/**
 * Creates a directory on a table of the primary, over a driver that no store and no log has: closing either releases it. Asks the server
 * nothing yet.
 * @throws ConfigurationError for a name or a deadline that cannot be.
 */
export function createPostgresSessionDirectory(
  driver: PostgresDriver,
  options: PostgresSessionDirectoryOptions = {},
): SessionDirectory {
  const { table = defaultDirectoryTable, deadlineMs = defaultEngineDeadlineMs } = options
  const statements = createPostgresDirectoryStatements(quote(table))
  const engine = createPostgresEngine(driver, {
    table,
    shape: directoryTable,
    deadlineMs: requireDeadline(deadlineMs),
  })
  const rowsOf = (statement: Statement): Promise<readonly Row[]> =>
    engine.ask((asker) => driver.query(statement, asker).catch(rejectForWant))
  const sweep = createSweep((now) => rowsOf(statements.sweep(now)))

  return {
    name: 'postgres',
    async tell(news, now) {
      const [row] = await rowsOf(statements.tell(...valuesOf(news, now)))
      sweep(now)
      if (row?.step !== 'in_step' && row?.step !== 'out_of_step') throw strangeReply()
      return row.step
    },
    async list({ subject, after, most }, now) {
      const { list, listOf } = statements
      const page = subject === null ? list(now, after ?? '', most) : listOf(now, after ?? '', most, sha256(subject))
      return (await rowsOf(page)).map(({ entry }) => readDirectoryEntry(entry))
    },
    async count(now) {
      const [row] = await rowsOf(statements.count(now))
      return requireCount(row?.sessions)
    },
    async close() {
      engine.close()
      driver.release()
    },
  }
}

/** Those of the statement `tell`. */
function valuesOf({ node, before, aliveUntil, count, present, gone }: NodeNews, now: EpochMs) {
  const ids = gone.map(({ id }) => id)
  return [node, aliveUntil, now, count, JSON.stringify(present.map(toRow)), JSON.stringify(ids), before ?? '']
}

function toRow(entry: DirectoryEntry) {
  return { id: entry.id, subject: sha256(entry.subject), entry: writeDirectoryEntry(entry) }
}

function requireCount(count: unknown): number {
  if (typeof count === 'string' && /^\d{1,15}$/.test(count)) return Number(count)
  throw strangeReply()
}

function strangeReply(): StoreError {
  return new StoreError('corrupt', 'the directory answered with something that no statement of ours returns')
}
