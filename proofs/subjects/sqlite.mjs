/**
 * A SQLite file, through the `node:sqlite` of Node 22.13 and later.
 * @module
 */
import { join } from 'node:path'
import { createSqliteStore } from 'wsticket/stores/sqlite'
import { temporaryFolder } from 'wsticket-engines/process'
import { createNaiveSqliteStore, naiveSchema } from '../naive-sqlite.mjs'

/** @import { Subject } from '../subject.mjs' */

/** @param {string} path @returns {any} */
function openDatabase(path) {
  const { DatabaseSync } = /** @type {any} */ (process).getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(`${path}.naive`)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000; ${naiveSchema}`)
  return database
}

/** @type {Subject} */
export const subject = {
  client: `node:sqlite of ${process.version}`,
  lacking() {
    const { getBuiltinModule } = /** @type {any} */ (process)
    return getBuiltinModule?.('node:sqlite') === undefined ? `Node ${process.versions.node} has no node:sqlite` : null
  },
  async start() {
    const folder = temporaryFolder('proof')
    const address = join(folder.path, 'tickets.db')
    openDatabase(address).close()
    return { address, stop: async () => folder.remove() }
  },
  async open(address) {
    const store = createSqliteStore({ path: address })
    return { store, close: () => store.close() }
  },
  async openNaive(address) {
    const database = openDatabase(address)
    return { store: createNaiveSqliteStore(database), close: async () => database.close() }
  },
}
