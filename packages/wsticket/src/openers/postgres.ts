/**
 * `postgres:` and `postgresql:`
 * @module
 */
import { fromPg, pgOptions } from '../drivers/pg.ts'
import { ConfigurationError } from '../errors.ts'
import type { Opener } from '../opener.ts'
import { directoryTableOf } from '../postgres-directory-statements.ts'
import { logTableOf } from '../postgres-log-statements.ts'
import { defaultTable, prepare, quote } from '../postgres-statements.ts'
import { finishWithOwnClient, loadClient, openWithOwnClient } from '../store-client.ts'
import { numberOptions, requireParameters, type StoreUrl, textOptions } from '../store-url.ts'

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
const longestTable = 59
const longestTrialBase = 36
const fewConnections = 4

/** Opens stores, session logs and session directories on PostgreSQL, with the client pg, which reads the URL itself. */
export const postgresOpener: Opener = {
  schemes: ['postgres', 'postgresql'],
  read(url, trial) {
    requireParameters(url, ...ours, ...ofPg)
    const connectionString = withoutOurs(url)
    const options = readOptions(url, trial)
    const log = logTableOf(options.table)
    const directory = directoryTableOf(options.table)
    // The server gives up first.
    const patienceMs = Math.min(pgOptions.statement_timeout, options.deadlineMs ?? pgOptions.statement_timeout)

    async function connect(max: number) {
      const { Pool } = await loadClient('postgres', ['pg'], () => import('pg'))
      const pool = new Pool({ ...pgOptions, statement_timeout: patienceMs, max, connectionString })
      return { driver: fromPg(pool), end: () => pool.end() }
    }

    return {
      async open(clock) {
        const { createPostgresStore } = await import('../stores/postgres.ts')
        const { driver, end } = await connect(trial === null ? pgOptions.max : fewConnections)
        return openWithOwnClient({ end }, () => createPostgresStore(driver, { ...options, clock }))
      },
      async openLog() {
        const { createPostgresSessionLog } = await import('../session-logs/postgres.ts')
        // Who writes waits for the others all the same.
        const { driver, end } = await connect(fewConnections)
        return openWithOwnClient({ end }, () => createPostgresSessionLog(driver, { ...options, table: log }))
      },
      async openDirectory() {
        const { createPostgresSessionDirectory } = await import('../session-directories/postgres.ts')
        const { driver, end } = await connect(fewConnections)
        return openWithOwnClient({ end }, () =>
          createPostgresSessionDirectory(driver, { ...options, table: directory }),
        )
      },
      async erase() {
        const { driver, end } = await connect(1)
        const drop = prepare(`DROP TABLE IF EXISTS ${[options.table, log, directory].map(quote).join(', ')}`)
        await finishWithOwnClient({ end }, driver.query(drop(), { over: false }))
      },
    }
  },
}

interface Options {
  /** There is room for what the log's is called beside it. */
  readonly table: string
  readonly deadlineMs?: number
}

function readOptions(url: StoreUrl, trial: string | null): Options {
  const options = { table: defaultTable, ...textOptions(url, 'table'), ...numberOptions(url, 'deadlineMs') }
  if (options.table.split('.').some((part) => part.length > longestTable))
    throw new ConfigurationError('table', `must have ${longestTable} letters at the most: the log adds a few to it`)
  if (trial === null) return options
  return { ...options, table: `${options.table.slice(0, longestTrialBase)}_${trial}` }
}

/** What pg is given. */
function withoutOurs({ text }: StoreUrl): string {
  if (!URL.canParse(text))
    throw new ConfigurationError('url', 'must be a URL as pg takes it, such as postgres://user:password@host/database')
  const url = new URL(text)
  for (const name of ours) url.searchParams.delete(name)
  return url.href
}
