/**
 * The engines of the redeem benchmark: a store on each, and as its control the same client with one atomic command that takes
 * something out, which is the least that single use can cost.
 * @module
 */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { fromIoredis, ioredisOptions } from 'wsticket/drivers/ioredis'
import { fromNats, natsOptions } from 'wsticket/drivers/nats'
import { fromPg, pgOptions } from 'wsticket/drivers/pg'
import { createNatsStore } from 'wsticket/stores/nats'
import { createPostgresStore } from 'wsticket/stores/postgres'
import { createRedisStore } from 'wsticket/stores/redis'
import { createSqliteStore } from 'wsticket/stores/sqlite'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres } from 'wsticket-engines/postgres'
import { temporaryFolder } from 'wsticket-engines/process'
import { startRedis } from 'wsticket-engines/redis'

const run = promisify(execFile)

/** As long as a record of an ordinary ticket. */
const value = 'x'.repeat(330)

async function startRedisEngine() {
  const server = await startRedis()
  const client = new Redis(server.url, ioredisOptions)
  const bare = new Redis(server.url)
  return {
    store: createRedisStore(fromIoredis(client)),
    control: {
      prepare: (count) => eachKey(count, (key) => bare.set(key, value)),
      take: async (key) => (await bare.getdel(key)) === value,
    },
    limit: {
      of: 'redis-benchmark, GETDEL, 50 connections',
      perSecond: async () => {
        const load = ['-p', String(server.port), '-c', '50', '-n', '50000', '--csv', 'GETDEL', 'key']
        const { stdout } = await run('redis-benchmark', load)
        return numberIn(stdout, /^"GETDEL key","([\d.]+)"/m)
      },
    },
    dispose: async () => {
      client.disconnect()
      bare.disconnect()
      await server.dispose()
    },
  }
}

async function startPostgresEngine() {
  const server = await startPostgres()
  const folder = temporaryFolder('pgbench')
  const pool = new Pool({ connectionString: server.url, ...pgOptions })
  await pool.query('CREATE UNLOGGED TABLE things (id text COLLATE "C" PRIMARY KEY, thing text NOT NULL)')
  return {
    store: createPostgresStore(fromPg(pool)),
    control: {
      prepare: (count) =>
        eachKey(count, (key) =>
          pool.query({ name: 'put', text: 'INSERT INTO things VALUES ($1, $2)', values: [key, value] }),
        ),
      take: async (key) => {
        const text = 'DELETE FROM things WHERE id = $1 RETURNING thing'
        return (await pool.query({ name: 'take', text, values: [key] })).rows[0]?.thing === value
      },
    },
    limit: {
      of: 'pgbench, UPDATE RETURNING, 10 connections',
      prepare: () => createUpdates(pool),
      perSecond: () => updatesPerSecond(server, folder.path),
    },
    dispose: async () => {
      folder.remove()
      await pool.end()
      await server.dispose()
    },
  }
}

const updatedRows = 10_000

/** As many rows as fit the memory of the server, and half of each page free, as in the table of the store. */
async function createUpdates(pool) {
  await pool.query(
    'CREATE UNLOGGED TABLE updates (id text COLLATE "C" PRIMARY KEY, thing text NOT NULL) WITH (fillfactor = 50)',
  )
  await pool.query(`INSERT INTO updates SELECT generate_series(1, ${updatedRows}), repeat('x', ${value.length})`)
  await pool.query('VACUUM ANALYZE updates')
}

async function updatesPerSecond(server, folder) {
  const script = join(folder, 'update.sql')
  const update = 'UPDATE updates SET thing = thing WHERE id = :k::text RETURNING thing;'
  writeFileSync(script, `\\set k random(1, ${updatedRows})\n${update}\n`)
  const load = ['-n', '-M', 'prepared', '-c', '10', '-T', '1', '-f', script, server.url]
  return numberIn(await server.run('pgbench', ...load), /tps = ([\d.]+)/)
}

/** What a load tool reports. One that reports something else is not measured. */
function numberIn(report, form) {
  const found = form.exec(report)?.[1]
  if (found === undefined) throw new Error(`a load tool reports no figure: ${report}`)
  return Math.round(Number(found))
}

async function startNatsEngine() {
  const server = await startNats()
  const connection = await connect({ servers: server.url, ...natsOptions })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'things', subjects: ['things.>'], storage: 'memory', max_msgs_per_subject: 1 })
  const client = jetstream(connection)
  return {
    store: createNatsStore(fromNats(client), { recordAgeMs: 7_200_000 }),
    control: {
      prepare: (count) => eachKey(count, (key) => client.publish(`things.${key}`, value)),
      // Who takes the thing knows its sequence already: one round trip, and nothing comes back.
      take: async (key) => !(await client.publish(`things.${key}`, '')).duplicate,
    },
    dispose: async () => {
      await connection.close()
      await server.dispose()
    },
  }
}

async function startSqliteEngine() {
  const sqlite = process.getBuiltinModule('node:sqlite')
  if (sqlite === undefined) return null
  const folder = temporaryFolder('bench')
  const bare = new sqlite.DatabaseSync(join(folder.path, 'things.db'))
  bare.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE things (id TEXT PRIMARY KEY, thing TEXT)',
  )
  const put = bare.prepare('INSERT INTO things VALUES (?, ?)')
  const take = bare.prepare('DELETE FROM things WHERE id = ? RETURNING thing')
  const store = createSqliteStore({ path: join(folder.path, 'tickets.db') })
  return {
    store,
    control: {
      prepare: (count) => eachKey(count, async (key) => put.run(key, value)),
      take: async (key) => take.all(key)[0]?.thing === value,
    },
    dispose: async () => {
      await store.close()
      bare.close()
      folder.remove()
    },
  }
}

let made = 0

async function eachKey(count, put) {
  const keys = Array.from({ length: count }, () => `thing-${made++}`)
  // Not all at once: on a machine that is busy the last would wait too long.
  for (let at = 0; at < count; at += 100) await Promise.all(keys.slice(at, at + 100).map(put))
  return keys
}

/** What starts each engine; null where the running Node has no client for it. */
export const engines = {
  redis: startRedisEngine,
  postgres: startPostgresEngine,
  nats: startNatsEngine,
  sqlite: startSqliteEngine,
}
