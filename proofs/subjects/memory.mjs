/**
 * The memory of one process.
 * @module
 */
import { createMemoryStore } from 'wsticket/stores/memory'
import { createNaiveMemoryStore } from '../naive-memory.mjs'

/** @import { Subject } from '../subject.mjs' */

/** @type {Subject} */
export const subject = {
  client: 'none',
  oneProcess: true,
  start: async () => ({ address: null, stop: async () => {} }),
  async open() {
    const store = createMemoryStore({ maxRecords: 1_000_000 })
    return { store, close: () => store.close() }
  },
  openNaive: async () => ({ store: createNaiveMemoryStore(), close: async () => {} }),
}
