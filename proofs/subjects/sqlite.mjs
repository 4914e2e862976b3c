/**
 * A SQLite file, through the `node:sqlite` of Node 22.13 and later. Where the Node that runs has none, the racers run under the
 * one that the tests of SQLite run under.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSqliteStore } from 'wsticket/stores/sqlite'
import { temporaryFolder } from 'wsticket-engines/process'
import { createNaiveSqliteStore } from '../naive-sqlite.mjs'

/** @import { Subject } from '../subject.mjs' */

const withNode = fileURLToPath(new URL('../../tools/with-node.mjs', import.meta.url))
const question = 'JSON.stringify({ path: process.execPath, version: process.version })'

/** @type {{ path: string, version: string } | null | undefined} */
let found

/** The Node that the racers run under; null for none. */
function runtime() {
  if (sqliteOf(process) !== undefined) return { path: process.execPath, version: process.version }
  if (found === undefined) found = ask()
  return found
}

/** @returns {{ path: string, version: string } | null} */
function ask() {
  try {
    const answer = execFileSync(process.execPath, [withNode, '24', 'node', '-p', question], { encoding: 'utf8' })
    return JSON.parse(answer.trim().split('\n').at(-1) ?? '')
  } catch {
    return null
  }
}

/** @param {any} host */
function sqliteOf(host) {
  return host.getBuiltinModule?.('node:sqlite')
}

/** @type {Subject} */
export const subject = {
  get client() {
    return `node:sqlite of ${runtime()?.version}`
  },
  shortRacers: 8,
  lacking: () => (runtime() === null ? 'there is no Node with node:sqlite here' : null),
  node: () => runtime()?.path ?? process.execPath,
  async start() {
    const folder = temporaryFolder('proof')
    return { address: join(folder.path, 'tickets.db'), stop: async () => folder.remove() }
  },
  async open(address) {
    const store = createSqliteStore({ path: address })
    return { store, close: () => store.close() }
  },
  async openNaive(address) {
    const database = new (sqliteOf(process).DatabaseSync)(`${address}.naive`)
    return { store: createNaiveSqliteStore(database), close: async () => database.close() }
  },
}
