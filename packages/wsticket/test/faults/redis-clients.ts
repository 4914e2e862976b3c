/**
 * How both clients connect to each kind of Redis: the first driver is over ioredis, the second over node-redis.
 * @module
 */
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster, createSentinel } from 'redis'
import type { RedisServer } from 'wsticket-engines/redis'
import type { RedisCluster } from 'wsticket-engines/redis-cluster'
import type { RedisSentinel } from 'wsticket-engines/redis-sentinel'
import { fromIoredis, ioredisClusterOptions, ioredisOptions } from '../../src/drivers/ioredis.ts'
import {
  fromNodeRedis,
  nodeRedisClusterOptions,
  nodeRedisOptions,
  nodeRedisSentinelOptions,
} from '../../src/drivers/node-redis.ts'
import type { RedisDriver } from '../../src/redis-driver.ts'

/** Connected; whoever asked for them closes them. */
export interface Connected {
  readonly drivers: readonly [RedisDriver, RedisDriver]
  readonly close: () => void
}

/** To one server. */
export async function connectServer({ port, url }: Pick<RedisServer, 'port' | 'url'>): Promise<Connected> {
  const ioredis = new Redis(port, '127.0.0.1', ioredisOptions)
  return both(ioredis, createClient({ url, ...nodeRedisOptions }))
}

/** To the primary that sentinels name. */
export async function connectSentinel({ name, addresses }: RedisSentinel): Promise<Connected> {
  const ioredis = new Redis({ ...ioredisOptions, name, sentinels: [...addresses] })
  return both(ioredis, createSentinel({ name, sentinelRootNodes: [...addresses], ...nodeRedisSentinelOptions }))
}

/** To a cluster. */
export async function connectCluster({ addresses }: RedisCluster): Promise<Connected> {
  const ioredis = new Cluster([...addresses], ioredisClusterOptions)
  const rootNodes = addresses.map((socket) => ({ socket }))
  return both(ioredis, createCluster({ rootNodes, ...nodeRedisClusterOptions }))
}

type NodeRedis = Parameters<typeof fromNodeRedis>[0] & { connect(): Promise<unknown>; destroy(): unknown }

async function both(ioredis: Redis | Cluster, nodeRedis: NodeRedis): Promise<Connected> {
  const drivers = [fromIoredis(ioredis), fromNodeRedis(nodeRedis)] as const
  await nodeRedis.connect()
  await Promise.all(drivers.map((driver) => driver.ready()))
  return {
    drivers,
    close() {
      ioredis.disconnect()
      nodeRedis.destroy()
    },
  }
}
