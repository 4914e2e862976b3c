/**
 * `postgres:` and `postgresql:`
 * @module
 */
import { fromPg, pgOptions } from '../drivers/pg.ts'
import { ConfigurationError } from '../errors.ts'
import type { Opener } from '../opener.ts'
import { finishWithOwnClient, loadClient, openWithOwnClient } from '../store-client.ts'
import { numberOptions, requireParameters, type StoreUrl, textOptions } from '../store-url.ts'
import { createPostgresStore, type PostgresStoreOptions } from '../stores/postgres.ts'

const ours = ['table', 'deadlineMs'] as const
// None of these changes what the store relies on.
const ofPg = [
  'application_name',
  'fallback_application_name',
  'host',
  'options',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
  'uselibpqcompat',
]
const longestTrialBase = 40
const trialConnections = 4

/** Opens stores on PostgreSQL, with the client pg, which reads the URL itself. */
export const postgresOpener: Opener = {
  schemes: ['postgres', 'postgresql'],
  read(url, trial) {
    requireParameters(url, ...ours, ...ofPg)
    const connectionString = withoutOurs(url)
    const options = readOptions(url, trial)
    // The server gives up first.
    const patienceMs = Math.min(pgOptions.statement_timeout, options.deadlineMs ?? pgOptions.statement_timeout)

    async function connect(max: number) {
      const { Pool } = await loadClient('postgres', ['pg'], () => import('pg'))
      const pool = new Pool({ ...pgOptions, statement_timeout: patienceMs, max, connectionString })
      // Without listeners, what a server says as it goes away ends the process; the pool takes its own off a connection that it ends.
      pool.on('error', () => {})
      pool.on('connect', (client) => client.on('error', () => {}))
      return pool
    }

    return {
      async open(clock) {
        const pool = await connect(trial === null ? pgOptions.max : trialConnections)
        const create = () => createPostgresStore(fromPg(pool), { ...options, clock })
        return openWithOwnClient({ end: () => pool.end() }, create)
      },
      openLog: null,
      async erase() {
        const pool = await connect(1)
        const name = options.table?.replace(/[^.]+/g, '"$&"')
        await finishWithOwnClient({ end: () => pool.end() }, pool.query(`DROP TABLE IF EXISTS ${name}`))
      },
    }
  },
}

function readOptions(url: StoreUrl, trial: string | null): PostgresStoreOptions {
  const options = { ...textOptions(url, 'table'), ...numberOptions(url, 'deadlineMs') }
  if (trial === null) return options
  const { table = 'wsticket' } = options
  return { ...options, table: `${table.slice(0, longestTrialBase)}_${trial}` }
}

/** What pg is given. */
function withoutOurs({ text }: StoreUrl): string {
  if (!URL.canParse(text))
    throw new ConfigurationError('url', 'must be a URL as pg takes it, such as postgres://user:password@host/database')
  const url = new URL(text)
  for (const name of ours) url.searchParams.delete(name)
  return url.href
}
