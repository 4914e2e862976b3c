import { afterAll, beforeAll, describe } from 'vitest'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { connections, itConforms, serverUnderTest } from './redis-harness.ts'

describe('the Redis store over ioredis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server?.dispose())
  itConforms(() => serverUnderTest(server, connections.ioredis))
})
