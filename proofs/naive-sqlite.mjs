/**
 * SELECT, then DELETE, and between the two the event loop has a turn.
 * @module
 */

/** @import { RacedStore } from './subject.mjs' */

// Not WAL: the mode is the file's, and where several processes change it at once SQLite refuses some without waiting.
const setup = `
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS naive_tickets (id TEXT PRIMARY KEY, record TEXT NOT NULL)`

/**
 * @param {any} database of `node:sqlite`
 * @returns {RacedStore}
 */
export function createNaiveSqliteStore(database) {
  database.exec(setup)
  const insert = database.prepare('INSERT INTO naive_tickets VALUES (?, ?)')
  const select = database.prepare('SELECT record FROM naive_tickets WHERE id = ?')
  const remove = database.prepare('DELETE FROM naive_tickets WHERE id = ?')
  return {
    async insert(record) {
      insert.run(record.id, JSON.stringify(record))
    },
    async redeem(id) {
      const row = await Promise.resolve(select.get(id))
      if (row === undefined) return { kind: 'spent' }
      remove.run(id)
      return { kind: 'redeemed', record: JSON.parse(row.record) }
    },
  }
}
