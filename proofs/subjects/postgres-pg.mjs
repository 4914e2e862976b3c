/**
 * PostgreSQL, through pg.
 * @module
 */
import pg from 'pg'
import { fromPg, pgOptions } from 'wsticket/drivers/pg'
import { createPostgresStore } from 'wsticket/stores/postgres'
import { startPostgres } from 'wsticket-engines/postgres'
import { createNaivePostgresStore, naiveSchema } from '../naive-postgres.mjs'
import { clientNamed } from '../subject.mjs'

/** @import { Subject } from '../subject.mjs' */

/** @type {Subject} */
export const subject = {
  client: clientNamed('pg'),
  shortRacers: 4,
  async start() {
    const server = await startPostgres({ settings: { max_connections: '200' } })
    await server.query(naiveSchema)
    return { address: server.url, stop: server.dispose }
  },
  async open(address) {
    const pool = new pg.Pool({ connectionString: address, ...pgOptions, max: 1 })
    return { store: createPostgresStore(fromPg(pool)), close: () => pool.end() }
  },
  async openNaive(address) {
    const pool = new pg.Pool({ connectionString: address, max: 1 })
    const query = async (/** @type {string} */ text, /** @type {string[]} */ values) =>
      (await pool.query(text, values)).rows
    return { store: createNaivePostgresStore(query), close: () => pool.end() }
  },
}
