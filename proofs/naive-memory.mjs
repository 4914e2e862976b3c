/**
 * Looks, then leaps: between the two, other racers have their turn.
 * @module
 */

/** @import { TicketRecord } from 'wsticket' */
/** @import { RacedStore } from './subject.mjs' */

/** @returns {RacedStore} */
export function createNaiveMemoryStore() {
  /** @type {Map<string, TicketRecord>} */
  const records = new Map()
  return {
    async insert(record) {
      records.set(record.id, record)
    },
    async redeem(id) {
      const record = await Promise.resolve(records.get(id))
      if (record === undefined) return { kind: 'spent' }
      records.delete(id)
      return { kind: 'redeemed', record }
    },
  }
}
