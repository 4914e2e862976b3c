import { afterAll, beforeAll, describe } from 'vitest'
import { type RedisCluster, startRedisCluster } from 'wsticket-engines/redis-cluster'
import { connections, itConforms, nodesUnderTest } from './redis-harness.ts'

describe('the Redis store over node-redis and a cluster of six', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
  })
  afterAll(() => cluster?.dispose())
  itConforms(() =>
    nodesUnderTest({
      nodes: cluster.nodes,
      connect: () => connections.nodeRedisCluster(cluster),
      servers: () => cluster.primaries(),
      settled: () => cluster.settled(),
    }),
  )
})
