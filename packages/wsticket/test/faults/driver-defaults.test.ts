import { setTimeout as pause } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Cluster, Redis } from 'ioredis'
import pg from 'pg'
import postgres from 'postgres'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { type FaultProxy, startFaultProxy } from 'wsticket-engines/fault-proxy'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { type PostgresServer, startPostgres } from 'wsticket-engines/postgres'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { fromIoredis } from '../../src/drivers/ioredis.ts'
import { fromNats } from '../../src/drivers/nats.ts'
import { fromNodeRedis } from '../../src/drivers/node-redis.ts'
import { fromPg } from '../../src/drivers/pg.ts'
import { fromPostgresJs } from '../../src/drivers/postgres-js.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { deadlineMs } from './networked-stores.ts'

const graceMs = 300

/** What a binder says of a client; fails where it takes it. */
function refusalOf(bind: () => unknown): string {
  try {
    bind()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message
    throw error
  }
  throw new Error('it was taken')
}

/** Whether something is still undecided when every store would have answered long ago. */
async function hangs(work: PromiseLike<unknown>): Promise<boolean> {
  const settled = Promise.resolve(work).then(
    () => false,
    () => false,
  )
  return Promise.race([settled, pause(deadlineMs + graceMs, true)])
}

let redis: RedisServer
let postgresql: PostgresServer
let nats: NatsServer

beforeAll(async () => {
  redis = await startRedis()
  postgresql = await startPostgres()
  nats = await startNats()
})
afterAll(async () => {
  for (const server of [redis, postgresql, nats]) await server?.dispose()
})

/** Tests that run at once have to say themselves whose end it is that ends the proxy. */
async function startProxy(
  { to, protocol }: Parameters<typeof startFaultProxy>[0],
  onTestFinished: TestContext['onTestFinished'],
): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ to, protocol })
  onTestFinished(proxy.stop)
  return proxy
}

describe('a client with the options that it comes with is refused in one line:', () => {
  const url = 'postgres://postgres@127.0.0.1:1/postgres'
  it.each<[string, () => unknown]>([
    ['ioredis', () => fromIoredis(new Redis({ lazyConnect: true }))],
    ['ioredis to a cluster', () => fromIoredis(new Cluster([{ port: 1 }], { lazyConnect: true }))],
    ['node-redis', () => fromNodeRedis(createClient())],
    ['node-redis to a cluster', () => fromNodeRedis(createCluster({ rootNodes: [] }))],
    ['pg', () => fromPg(new pg.Pool())],
    ['postgres.js', () => fromPostgresJs(() => postgres(url))],
  ])('%s', (_, bind) => {
    expect(refusalOf(bind)).toMatch(/^[\w.]+ .*Options[^\n]*$/)
  })

  it('nats', async ({ onTestFinished }) => {
    const connection = await connect({ port: nats.port })
    onTestFinished(() => connection.close())
    expect(refusalOf(() => fromNats(jetstream(connection)))).toMatch(/^jetstream .*natsOptions[^\n]*$/)
  })
})

describe.concurrent('a client with the options that it comes with, and no driver over it:', () => {
  it('ioredis sends again what had no reply, and a ticket is gone that nobody was admitted with', async ({
    onTestFinished,
  }) => {
    const proxy = await startProxy({ to: redis.port, protocol: 'redis' }, onTestFinished)
    const client = new Redis(proxy.port)
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
    await redis.command('SET', 'ioredis-ticket', 'alice')
    const lost = proxy.loseReply('ioredis-ticket')
    expect(await client.getdel('ioredis-ticket')).toBeNull()
    await lost
    expect(proxy.requestsWith('ioredis-ticket')).toBe(2)
  })

  it('node-redis spends a ticket after its bearer was refused', async ({ onTestFinished }) => {
    const proxy = await startProxy({ to: redis.port, protocol: 'redis' }, onTestFinished)
    const client = createClient({ url: `redis://127.0.0.1:${proxy.port}` })
    onTestFinished(() => client.destroy())
    client.on('error', () => {})
    await client.connect()
    await redis.command('SET', 'node-redis-ticket', 'alice')
    proxy.refuse()
    proxy.cut()
    await until('the line is gone', () => !client.isReady)
    const spent = client.getDel('node-redis-ticket')
    expect(await hangs(spent)).toBe(true)
    await proxy.accept()
    expect(await spent).toBe('alice')
  })

  it('pg waits for ever for a server that says nothing', async ({ onTestFinished }) => {
    const proxy = await startProxy({ to: postgresql.port, protocol: 'postgres' }, onTestFinished)
    proxy.hold()
    const pool = new pg.Pool({ connectionString: `postgres://postgres@127.0.0.1:${proxy.port}/postgres` })
    expect(await hangs(pool.query('SELECT 1'))).toBe(true)
    proxy.pass()
    await pool.end()
  })

  it('postgres.js waits far too long for a server that says nothing', async ({ onTestFinished }) => {
    const proxy = await startProxy({ to: postgresql.port, protocol: 'postgres' }, onTestFinished)
    proxy.hold()
    const sql = postgres(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`)
    expect(await hangs(sql`SELECT 1`)).toBe(true)
    proxy.pass()
    await sql.end()
  })

  it('nats gives up after ten attempts, and does not find a server that is back', async ({ onTestFinished }) => {
    const proxy = await startProxy({ to: nats.port, protocol: 'nats' }, onTestFinished)
    // Only the pause between its attempts is another: twenty seconds otherwise.
    const connection = await connect({ port: proxy.port, reconnectTimeWait: 20 })
    proxy.refuse()
    proxy.cut()
    await connection.closed()
    await proxy.accept()
    await expect(jetstreamManager(connection)).rejects.toThrow('closed')
  })
})
