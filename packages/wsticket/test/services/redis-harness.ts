import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster, createSentinel } from 'redis'
import { expect, it } from 'vitest'
import { isInStep, type RedisServer } from 'wsticket-engines/redis'
import type { RedisCluster } from 'wsticket-engines/redis-cluster'
import type { RedisSentinel } from 'wsticket-engines/redis-sentinel'
import { until } from 'wsticket-engines/until'
import { fromIoredis, ioredisClusterOptions, ioredisOptions } from '../../src/drivers/ioredis.ts'
import {
  fromNodeRedis,
  nodeRedisClusterOptions,
  nodeRedisOptions,
  nodeRedisSentinelOptions,
} from '../../src/drivers/node-redis.ts'
import type { RedisDriver } from '../../src/redis-driver.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import {
  createMovableClock,
  runStoreCase,
  type StoreHarness,
  storeConformance,
} from '../../src/testing/store-conformance.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

/** A client of somebody's, and what a store sees of it. */
export interface RedisConnection {
  readonly driver: RedisDriver
  ping(): Promise<unknown>
  close(): unknown
}

/** How each client connects to each kind of Redis. */
export const connections = {
  async ioredis(server: Pick<RedisServer, 'url'>): Promise<RedisConnection> {
    const client = new Redis(server.url, ioredisOptions)
    return { driver: fromIoredis(client), ping: () => client.ping(), close: () => client.disconnect() }
  },
  async ioredisSentinel({ name, addresses }: RedisSentinel): Promise<RedisConnection> {
    const client = new Redis({ ...ioredisOptions, name, sentinels: [...addresses] })
    return { driver: fromIoredis(client), ping: () => client.ping(), close: () => client.disconnect() }
  },
  async ioredisCluster({ addresses }: RedisCluster): Promise<RedisConnection> {
    const client = new Cluster([...addresses], ioredisClusterOptions)
    return { driver: fromIoredis(client), ping: () => client.get('any'), close: () => client.disconnect() }
  },
  async nodeRedis({ url }: Pick<RedisServer, 'url'>): Promise<RedisConnection> {
    const client = createClient({ url, ...nodeRedisOptions })
    const driver = fromNodeRedis(client)
    await client.connect()
    return { driver, ping: () => client.ping(), close: () => client.destroy() }
  },
  async nodeRedisSentinel({ name, addresses }: RedisSentinel): Promise<RedisConnection> {
    const client = createSentinel({ name, sentinelRootNodes: [...addresses], ...nodeRedisSentinelOptions })
    const driver = fromNodeRedis(client)
    await client.connect()
    return { driver, ping: () => client.get('any'), close: () => client.destroy() }
  },
  async nodeRedisCluster({ addresses }: RedisCluster): Promise<RedisConnection> {
    const rootNodes = addresses.map((socket) => ({ socket }))
    const client = createCluster({ rootNodes, ...nodeRedisClusterOptions })
    const driver = fromNodeRedis(client)
    await client.connect()
    return { driver, ping: () => client.get('any'), close: () => client.destroy() }
  },
}

/** A Redis on which cases are run, one after the other. */
export interface RedisUnderTest {
  connect(): Promise<RedisConnection>
  /** Every server that runs, and that may have keys. */
  servers(): Promise<readonly RedisServer[]>
  /** Ends its processes, and starts them again on the same ports. */
  readonly outage: { begin(): Promise<unknown>; end(): Promise<unknown> }
}

/** A server of one node. */
export function serverUnderTest(server: RedisServer, connect: (server: RedisServer) => Promise<RedisConnection>) {
  return {
    connect: () => connect(server),
    servers: async () => [server],
    outage: { begin: () => server.stop('SIGKILL'), end: () => server.restart() },
  }
}

/** Several nodes, all of which go away. */
export function nodesUnderTest(options: {
  readonly nodes: readonly RedisServer[]
  connect(): Promise<RedisConnection>
  servers(): Promise<readonly RedisServer[]>
  /** Resolves when the nodes that have started again are what they were together. */
  settled(): Promise<unknown>
}): RedisUnderTest {
  const { nodes, connect, servers, settled } = options
  return {
    connect,
    servers,
    outage: {
      begin: () => Promise.all(nodes.map((node) => node.stop('SIGKILL'))),
      end: () => Promise.all(nodes.map((node) => node.restart())).then(settled),
    },
  }
}

/** Resolves when all replicas follow their primary again: the first that comes gives it another identity, and voids what was issued before. */
export async function replicasFollow(redis: RedisSentinel): Promise<void> {
  for (const replica of await redis.replicas()) await until('the replica follows', () => isInStep(replica))
}

/** Runs the published suite, unchanged. */
export function itConforms(redis: () => RedisUnderTest): void {
  for (const conformanceCase of storeConformance) {
    it(conformanceCase.name, async ({ skip }) => {
      const skipped = await runStoreCase(conformanceCase, () => createRedisHarness(redis()))
      if (skipped !== null) skip(skipped)
      expect(skipped).toBeNull()
    })
  }
}

// Of a cluster, several rounds of an election.
const agreedWithinMs = 60_000

let cases = 0

/** The harness of one case: its keys begin like no other's. */
function createRedisHarness(redis: RedisUnderTest): StoreHarness {
  cases += 1
  const prefix = `case-${cases}:`
  const opened: { store: TicketStore; connection: RedisConnection }[] = []
  const open = async (name: string) => {
    const connection = await redis.connect()
    const store = createRedisStore(connection.driver, { prefix: prefix + name })
    opened.push({ store, connection })
    return store
  }
  const ask = (...command: string[]) => askOfKeys(redis, prefix, command)
  return {
    clock: createMovableClock(),
    open: () => open(''),
    openSecond: () => open(''),
    capabilities: {
      dump: async () => (await ask('HGETALL')).join('\n'),
      size: async (at) => (await ask('PEXPIRETIME')).filter((expiry) => expiry === '-1' || Number(expiry) > at).length,
      namespaces: open,
      capacity: { lacks: 'a maxmemory is no number of records; redis-inspection.test.ts fills one' },
      async handedInClient() {
        const [first] = opened
        await first?.connection.driver.ready()
        // A cluster's client refuses what is for a node that it is just connecting to.
        return until('the client answers', async () => (await first?.connection.ping()) !== undefined)
      },
      outage: {
        begin: async () => void (await redis.outage.begin()),
        async end() {
          await redis.outage.end()
          for (const { store } of opened) await until('the store is back', () => store.inspect(), agreedWithinMs)
        },
      },
    },
    async dispose() {
      for (const { store, connection } of opened) {
        await store.close()
        await connection.close()
      }
      await ask('DEL')
    },
  }
}

/** Asks something of every key that begins so, of the server that has it. */
async function askOfKeys(redis: RedisUnderTest, prefix: string, command: readonly string[]): Promise<string[]> {
  const replies: string[] = []
  for (const server of await redis.servers()) {
    const keys = (await server.command('KEYS', '*')).split('\n').filter((key) => key.startsWith(prefix))
    for (const key of keys) replies.push(await server.command(...command, key))
  }
  return replies
}
