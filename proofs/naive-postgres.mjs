/**
 * SELECT, then DELETE.
 * @module
 */

/** @import { RacedStore } from './subject.mjs' */

/** Creates what the naive store keeps its records in. */
export const naiveSchema = 'CREATE TABLE IF NOT EXISTS naive_tickets (id text PRIMARY KEY, record text NOT NULL)'

/**
 * @param {(text: string, values: string[]) => Promise<readonly any[]>} query resolves with the rows
 * @returns {RacedStore}
 */
export function createNaivePostgresStore(query) {
  return {
    async insert(record) {
      await query('INSERT INTO naive_tickets VALUES ($1, $2)', [record.id, JSON.stringify(record)])
    },
    async redeem(id) {
      const [row] = await query('SELECT record FROM naive_tickets WHERE id = $1', [id])
      if (row === undefined) return { kind: 'spent' }
      await query('DELETE FROM naive_tickets WHERE id = $1', [id])
      return { kind: 'redeemed', record: JSON.parse(row.record) }
    },
  }
}
