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

// As long as a driver allows. A machine that stands still for two seconds costs no line: stores that are in a hurry drop theirs themselves.
const socketTimeout = 3000
const ofIoredis = { ...ioredisOptions, socketTimeout }
const ofIoredisCluster = {
  ...ioredisClusterOptions,
  redisOptions: { ...ioredisClusterOptions.redisOptions, socketTimeout },
}

/** Connected; whoever asked for them closes them. */
export interface Connected {
  readonly drivers: readonly [RedisDriver, RedisDriver]
  readonly close: () => void
}

/** To one server. */
export async function connectServer({ port, url }: Pick<RedisServer, 'port' | 'url'>): Promise<Connected> {
  const ioredis = new Redis(port, '127.0.0.1', ofIoredis)
  return both(ioredis, createClient({ url, ...ofNodeRedis() }))
}

/** To the primary that sentinels name. */
export async function connectSentinel({ name, addresses }: RedisSentinel): Promise<Connected> {
  const ioredis = new Redis({ ...ofIoredis, name, sentinels: [...addresses] })
  const nodeClientOptions = ofNodeRedis()
  const options = { ...nodeRedisSentinelOptions, nodeClientOptions }
  return both(ioredis, createSentinel({ name, sentinelRootNodes: [...addresses], ...options }))
}

/** To a cluster. */
export async function connectCluster({ addresses }: RedisCluster): Promise<Connected> {
  const ioredis = new Cluster([...addresses], ofIoredisCluster)
  const rootNodes = addresses.map((socket) => ({ socket }))
  return both(ioredis, createCluster({ rootNodes, ...nodeRedisClusterOptions, defaults: ofNodeRedis() }))
}

/** Others each time: node-redis writes into them. */
function ofNodeRedis() {
  return { ...nodeRedisOptions, socket: { ...nodeRedisOptions.socket, socketTimeout } }
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
