/**
 * Things under keys on an engine, put there and taken out by its client as it is: one question, and nothing around it.
 * @module
 */

/** As long as a record of an ordinary ticket. */
const thing = 'x'.repeat(330)

/**
 * Opens the engine of a store's URL.
 * @param {string} url
 * @returns {Promise<{ put(key: string): Promise<unknown>, take(key: string): Promise<boolean> }>}
 */
export function openThings(url) {
  const open = {
    redis: openRedis,
    postgres: openPostgres,
    postgresql: openPostgres,
    nats: openNats,
    sqlite: openSqlite,
  }
  return open[url.slice(0, url.indexOf(':'))](url)
}

async function openRedis(url) {
  const { Redis } = await import('ioredis')
  const client = new Redis(url)
  return {
    put: (key) => client.set(key, thing),
    take: async (key) => (await client.getdel(key)) === thing,
  }
}

async function openPostgres(url) {
  const { Pool } = await import('pg')
  const pool = new Pool({ connectionString: url })
  await pool.query('CREATE UNLOGGED TABLE things (id text COLLATE "C" PRIMARY KEY, thing text NOT NULL)')
  const put = { name: 'put', text: 'INSERT INTO things VALUES ($1, $2)' }
  const take = { name: 'take', text: 'DELETE FROM things WHERE id = $1 RETURNING thing' }
  return {
    put: (key) => pool.query({ ...put, values: [key, thing] }),
    take: async (key) => (await pool.query({ ...take, values: [key] })).rows[0]?.thing === thing,
  }
}

/** Who takes a thing here knows its place already: one publication, and nothing is read. */
async function openNats(url) {
  const [{ connect }, { jetstream, jetstreamManager }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ])
  const connection = await connect({ servers: new URL(url).host, noAsyncTraces: true })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'things', subjects: ['things.>'], storage: 'memory', max_msgs_per_subject: 1 })
  const client = jetstream(connection)
  return {
    put: (key) => client.publish(`things.${key}`, thing),
    take: async (key) => !(await client.publish(`things.${key}`, '')).duplicate,
  }
}

async function openSqlite(url) {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(url.slice('sqlite:'.length))
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE things (id TEXT PRIMARY KEY, thing TEXT)',
  )
  const put = database.prepare('INSERT INTO things VALUES (?, ?)')
  const take = database.prepare('DELETE FROM things WHERE id = ? RETURNING thing')
  return {
    put: async (key) => put.run(key, thing),
    take: async (key) => take.all(key)[0]?.thing === thing,
  }
}
