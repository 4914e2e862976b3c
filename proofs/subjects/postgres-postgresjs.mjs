/**
 * PostgreSQL, through postgres.js.
 * @module
 */
import postgres from 'postgres'
import { fromPostgresJs, postgresJsOptions } from 'wsticket/drivers/postgres-js'
import { createPostgresStore } from 'wsticket/stores/postgres'
import { startPostgres } from 'wsticket-engines/postgres'
import { createNaivePostgresStore, naiveSchema } from '../naive-postgres.mjs'
import { clientNamed } from '../subject.mjs'

/** @import { Subject } from '../subject.mjs' */

/** @type {Subject} */
export const subject = {
  client: clientNamed('postgres'),
  shortRacers: 4,
  async start() {
    const server = await startPostgres({ settings: { max_connections: '200' } })
    await server.query(naiveSchema)
    return { address: server.url, stop: server.dispose }
  },
  async open(address) {
    const store = createPostgresStore(fromPostgresJs(() => postgres(address, { ...postgresJsOptions, max: 1 })))
    return { store, close: () => store.close() }
  },
  async openNaive(address) {
    const sql = postgres(address, { max: 1 })
    return { store: createNaivePostgresStore((text, values) => sql.unsafe(text, values)), close: () => sql.end() }
  },
}
