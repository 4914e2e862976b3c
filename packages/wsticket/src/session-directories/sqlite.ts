/**
 * Session directory in a SQLite file (`node:sqlite`): two tables beside the tickets, for all processes of one machine that have the file
 * open.
 * @module
 */
import { sha256 } from '../digest.ts'
import { readDirectoryEntry, writeDirectoryEntry } from '../directory-text.ts'
import type { SessionDirectory } from '../session-directory.ts'
import { createSqliteEngine, type SqliteFileOptions } from '../sqlite-engine.ts'

const sweepBatch = 200
const page = `SELECT entry FROM wsticket_directory JOIN wsticket_nodes USING (node) WHERE alive_until > ? AND id > ?`

const sql = {
  before: 'SELECT alive_until AS before FROM wsticket_nodes WHERE node = ?',
  keep: `INSERT INTO wsticket_nodes (node, alive_until, sessions) VALUES (?, ?, ?)
    ON CONFLICT (node) DO UPDATE SET alive_until = excluded.alive_until, sessions = excluded.sessions`,
  put: `INSERT INTO wsticket_directory (id, node, subject, entry) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET node = excluded.node, entry = excluded.entry WHERE wsticket_directory.node = excluded.node
    OR coalesce((SELECT alive_until FROM wsticket_nodes WHERE node = wsticket_directory.node), 0) <= ?`,
  void: 'UPDATE wsticket_nodes SET alive_until = 0 WHERE alive_until <= ? AND alive_until > 0',
  remove: 'DELETE FROM wsticket_directory WHERE id = ? AND node = ?',
  sweep: `DELETE FROM wsticket_directory WHERE id IN (SELECT id FROM wsticket_directory
    WHERE node IN (SELECT node FROM wsticket_nodes WHERE alive_until <= ?) LIMIT ${sweepBatch})`,
  forget: `DELETE FROM wsticket_nodes WHERE alive_until <= ?
    AND NOT EXISTS (SELECT 1 FROM wsticket_directory WHERE wsticket_directory.node = wsticket_nodes.node)`,
  list: `${page} ORDER BY id LIMIT ?`,
  listOf: `${page} AND subject = ? ORDER BY id LIMIT ?`,
  count: 'SELECT coalesce(sum(sessions), 0) AS sessions FROM wsticket_nodes WHERE alive_until > ?',
}

/**
 * Creates a directory on a file, which the first question opens. It may be that of a store and of a log.
 * @throws ConfigurationError for a path or a time that cannot be, and on a runtime without `node:sqlite`.
 */
export function createSqliteSessionDirectory(file: SqliteFileOptions): SessionDirectory {
  const { ask, close } = createSqliteEngine(file, sql)
  return {
    name: 'sqlite',
    tell: ({ node, before, aliveUntil, count, present, gone }, now) =>
      ask(({ statements }) => {
        const [known] = statements.before.all(node)
        for (const entry of present)
          statements.put.run(entry.id, node, sha256(entry.subject), writeDirectoryEntry(entry), aliveUntil)
        for (const { id } of gone) statements.remove.run(id, node)
        // Last: the next word is in step where all of this was taken.
        statements.keep.run(node, aliveUntil, count)
        // First: one that comes back meanwhile is out of step.
        statements.void.run(now)
        if (statements.sweep.run(now).changes === 0) statements.forget.run(now)
        const isAlive = before === null || before > now
        return (known?.before ?? null) === before && isAlive ? 'in_step' : 'out_of_step'
      }, 'capacity'),
    list: ({ subject, after, most }, now) =>
      ask(({ statements }) => {
        const from = [now, after ?? '']
        const rows =
          subject === null ? statements.list.all(...from, most) : statements.listOf.all(...from, sha256(subject), most)
        return rows.map(({ entry }) => readDirectoryEntry(entry))
      }),
    count: (now) => ask(({ statements }) => Number(statements.count.all(now)[0]?.sessions)),
    async close() {
      close()
    },
  }
}
