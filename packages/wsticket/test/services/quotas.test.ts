import { afterAll, beforeAll, describe } from 'vitest'
import { type PostgresServer, startPostgres } from 'wsticket-engines/postgres'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { describeQuota, type QuotaHarness } from '../quotas/quota-suite.ts'
import { clients } from './postgres-harness.ts'
import { connections } from './redis-harness.ts'

function handlesOf(stores: readonly TicketStore[]): QuotaHarness {
  const [first, second] = stores.map(({ quota }) => quota)
  if (first === undefined || second === undefined) throw new TypeError('the store has no quota')
  return { handles: [first, second] }
}

describe.each(['ioredis', 'nodeRedis'] as const)('in Redis, over %s', (client) => {
  let server: RedisServer
  const open: { close(): unknown }[] = []
  const stores: TicketStore[] = []
  beforeAll(async () => {
    server = await startRedis()
    for (let handle = 0; handle < 2; handle++) {
      const connection = await connections[client](server)
      open.push(connection)
      stores.push(createRedisStore(connection.driver))
    }
  })
  afterAll(async () => {
    for (const store of stores) await store.close()
    for (const connection of open) await connection.close()
    await server?.dispose()
  })
  describeQuota(() => handlesOf(stores))
})

describe.each(clients)('in PostgreSQL, over %s', (_, connect) => {
  let server: PostgresServer
  const open: { end(): unknown }[] = []
  const stores: TicketStore[] = []
  beforeAll(async () => {
    server = await startPostgres()
    for (let handle = 0; handle < 2; handle++) {
      const connected = connect(server.url)
      open.push(connected)
      stores.push(createPostgresStore(connected.driver))
    }
  })
  afterAll(async () => {
    for (const store of stores) await store.close()
    for (const connected of open) await connected.end()
    await server?.dispose()
  })
  describeQuota(() => handlesOf(stores))
})
