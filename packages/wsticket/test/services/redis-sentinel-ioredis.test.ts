import { afterAll, beforeAll, describe } from 'vitest'
import { type RedisSentinel, startRedisSentinel } from 'wsticket-engines/redis-sentinel'
import { connections, itConforms, nodesUnderTest, replicasFollow } from './redis-harness.ts'

describe('the Redis store over ioredis and three sentinels', () => {
  let redis: RedisSentinel
  beforeAll(async () => {
    redis = await startRedisSentinel()
  })
  afterAll(() => redis?.dispose())
  itConforms(() =>
    nodesUnderTest({
      nodes: redis.nodes,
      connect: () => connections.ioredisSentinel(redis),
      servers: async () => [await redis.primary()],
      settled: () => replicasFollow(redis),
    }),
  )
})
