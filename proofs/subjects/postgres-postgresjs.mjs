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
  shortRacers: 8,
  async start() {
    const server = await startPostgres({ settings: { max_connections: '200' } })
    await server.query(naiveSchema)
    return { address: server.url, stop: server.dispose }
  },
  async open(address) {
    // The fewest connections that the driver takes.
    const sql = postgres(address, { ...postgresJsOptions, max: 2 })
    return { store: createPostgresStore(fromPostgresJs(sql)), close: () => sql.end() }
  },
  async openNaive(address) {
    const sql = postgres(address, { max: 2 })
    return { store: createNaivePostgresStore((text, values) => sql.unsafe(text, values)), close: () => sql.end() }
  },
}
