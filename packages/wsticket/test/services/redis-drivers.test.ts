import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Cluster, Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { forgetHeldUp, heldUpMs } from 'wsticket-engines/held-up'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { type RedisCluster, startRedisCluster } from 'wsticket-engines/redis-cluster'
import { type RedisSentinel, startRedisSentinel } from 'wsticket-engines/redis-sentinel'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { fromIoredis, ioredisClusterOptions, ioredisOptions } from '../../src/drivers/ioredis.ts'
import { nodeRedisSentinelOptions } from '../../src/drivers/node-redis.ts'
import type { RedisDriver } from '../../src/redis-driver.ts'
import { createRedisScripts } from '../../src/redis-scripts.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { connections, type RedisConnection } from './redis-harness.ts'

let server: RedisServer
let sentinel: RedisSentinel
let cluster: RedisCluster

// Nobody takes over here while a server is silent: who sends again sends to the same one.
beforeEach(forgetHeldUp)

beforeAll(async () => {
  const startingSentinel = startRedisSentinel()
  cluster = await startRedisCluster()
  sentinel = await startingSentinel
  server = await startRedis()
})
afterAll(async () => {
  for (const redis of [server, sentinel, cluster]) await redis?.dispose()
})

/** A connection that ends with the test. */
async function keep(connecting: Promise<RedisConnection>): Promise<RedisDriver> {
  const connection = await connecting
  onTestFinished(() => void connection.close())
  return connection.driver
}

/** A store that has found its server. */
async function open(connecting: Promise<RedisConnection>): Promise<TicketStore> {
  const store = createRedisStore(await keep(connecting))
  await until('the store is there', () => store.inspect())
  return store
}

/** How often a server has run a command since its statistics were reset. */
async function callsOf(node: RedisServer, command: string): Promise<number> {
  const found = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await node.command('INFO', 'commandstats'))
  return Number(found?.[1] ?? 0)
}

type Connecting = readonly [name: string, connect: () => Promise<RedisConnection>]

const toServer: readonly Connecting[] = [
  ['ioredis', () => connections.ioredis(server)],
  ['node-redis', () => connections.nodeRedis(server)],
]
const all: readonly Connecting[] = [
  ...toServer,
  ['ioredis by way of sentinels', () => connections.ioredisSentinel(sentinel)],
  ['node-redis by way of sentinels', () => connections.nodeRedisSentinel(sentinel)],
  ['ioredis to a cluster', () => connections.ioredisCluster(cluster)],
  ['node-redis to a cluster', () => connections.nodeRedisCluster(cluster)],
]

/** The server that has a key, wherever that is. */
async function serverOf(name: string, key: string): Promise<RedisServer> {
  if (name.endsWith('cluster')) return cluster.nodeOf(key)
  return name.endsWith('sentinels') ? sentinel.primary() : server
}

describe.each(all)('over %s', (name, connect) => {
  it('what had no reply is not sent again, and fails in time', async () => {
    const store = await open(connect())
    const record = sampleRecord(systemClock())
    await store.insert(record)
    // Which primary has it may not have been known before. Now that one was looked at, too.
    await store.read(record.id, systemClock())
    const node = await serverOf(name, `wsticket:${record.id}`)
    await node.command('SCRIPT', 'LOAD', createRedisScripts('required').redeem.text)
    await node.command('CONFIG', 'RESETSTAT')
    node.freeze()
    const startedAt = performance.now()
    const redeemed = store.redeem(record.id, systemClock())
    await expect(redeemed).rejects.toMatchObject({ code: 'unavailable' })
    expect(performance.now() - startedAt).toBeLessThan(4000 + heldUpMs())
    node.thaw()
    const thawedAt = performance.now()
    await until('the store is back', () => store.inspect())
    expect(performance.now() - thawedAt).toBeLessThan(5000 + heldUpMs())
    // The server read it when it could: nobody else asks.
    await until('it has run', async () => (await callsOf(node, 'hdel')) > 0)
    expect([await callsOf(node, 'hdel'), await callsOf(node, 'evalsha')]).toEqual([1, 1])
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'spent' })
  })

  /** The connections to the primaries, as those name them. */
  async function linesOf(driver: RedisDriver): Promise<string[]> {
    await driver.ready()
    const primaries = await driver.primaries()
    return Promise.all(
      primaries.map(async ({ send }) => {
        const [process] = /run_id:\w+/.exec(String(await send(['INFO', 'server']))) ?? []
        return `${process} ${String(await send(['CLIENT', 'ID']))}`
      }),
    )
  }

  it('a line on which an answer is late is dropped, and none of another primary', async () => {
    const driver = await keep(connect())
    const store = createRedisStore(driver, { deadlineMs: 300 })
    const record = sampleRecord(systemClock())
    await until('the store is there', () => store.inspect())
    const before = await until('every line is open', () => linesOf(driver))
    const node = await serverOf(name, `wsticket:${record.id}`)
    node.freeze()
    await expect(store.insert(record)).rejects.toMatchObject({ code: 'unavailable' })
    node.thaw()
    // Before the store looks: a look that is late drops every line.
    const after = await until('every line is open again', () => linesOf(driver))
    expect(after.filter((line) => before.includes(line))).toHaveLength(before.length - 1)
    await until('the store is back', () => store.inspect())
  })
})

describe.each(all.slice(4))('over %s', (_, connect) => {
  it('one primary that is silent does not take the others with it', async () => {
    // As long as can be: after 1500 ms of silence the clients themselves would drop the line.
    const store = createRedisStore(await keep(connect()), { deadlineMs: 1400 })
    await until('the store is there', () => store.inspect())
    const [silent] = await cluster.primaries()
    const elsewhere = await until('a ticket of another primary', async () => {
      const record = sampleRecord(systemClock())
      return (await cluster.nodeOf(`wsticket:${record.id}`)) === silent ? null : record
    })
    onTestFinished(() => silent?.thaw())
    silent?.freeze()
    // Once: where a look took too long, the next one would find no line to the silent one.
    expect((await store.inspect()).weaknesses).toEqual([expect.stringContaining('did not answer')])
    await store.insert(elsewhere)
    expect((await store.redeem(elsewhere.id, systemClock())).kind).toBe('redeemed')
  })

  it('a primary that has become a replica is passed over, and its successor found', async () => {
    const store = await open(connect())
    const record = sampleRecord(systemClock())
    const key = `wsticket:${record.id}`
    const old = await cluster.nodeOf(key)
    await (await cluster.replicaOf(old)).command('CLUSTER', 'FAILOVER', 'TAKEOVER')
    await until('the replica has taken over', async () => (await cluster.nodeOf(key)) !== old)
    await until('the primary has become a replica', async () => (await old.command('ROLE')).startsWith('slave'))
    await store.inspect()
    await store.insert(record)
    expect((await store.redeem(record.id, systemClock())).kind).toBe('redeemed')
  })
})

describe('without a driver', () => {
  /** Has a server run a command while its client thinks that it never did; resolves with how often it ran. */
  async function runsOf(node: RedisServer, client: { incr(): Promise<unknown>; drop(): unknown }): Promise<number> {
    node.freeze()
    const settled = client.incr().catch(() => null)
    await client.drop()
    node.thaw()
    await settled
    return Number(await node.command('GETDEL', 'count'))
  }

  it('ioredis as it comes sends again what had no reply', async () => {
    const client = new Redis(server.url)
    onTestFinished(() => client.disconnect())
    client.on('error', () => {})
    await client.ping()
    const drop = () => client.stream.destroy()
    expect(await runsOf(server, { incr: () => client.incr('count'), drop })).toBe(2)
  })

  it('the sentinel facade of node-redis sends again what had no reply', async () => {
    const { name, addresses } = sentinel
    const options = { ...nodeRedisSentinelOptions, passthroughClientErrorEvents: true }
    const client = createSentinel({ name, sentinelRootNodes: [...addresses], ...options })
    onTestFinished(() => client.destroy())
    // Its node lets go of a line by itself that has been silent for a while.
    const dropped = new Promise<void>((resolve) => void client.on('error', () => resolve()))
    await client.connect()
    const drop = () => dropped
    expect(await runsOf(await sentinel.primary(), { incr: () => client.incr('count'), drop })).toBe(2)
  })
})

describe.each(toServer)('over %s', (_, connect) => {
  /** Resolves with the milliseconds until tickets are issued and admitted again. */
  async function recoveryOf(store: TicketStore): Promise<number> {
    const startedAt = performance.now()
    await until('tickets are admitted', async () => {
      const record = sampleRecord(systemClock())
      await store.insert(record)
      return (await store.redeem(record.id, systemClock())).kind === 'redeemed'
    })
    return performance.now() - startedAt
  }

  async function askFor(store: TicketStore, durationMs: number): Promise<void> {
    const startedAt = performance.now()
    while (performance.now() - startedAt < durationMs)
      await store.redeem(sampleRecord(systemClock()).id, systemClock()).catch(() => pause(50))
  }

  it('a store is back within five seconds of a server that was silent for two', async () => {
    const store = await open(connect())
    server.freeze()
    await askFor(store, 2000)
    server.thaw()
    expect(await recoveryOf(store)).toBeLessThan(5000 + heldUpMs())
  })

  it('a store is back within five seconds of a server that was away for two, and nothing was printed', async () => {
    const printed = vi.spyOn(console, 'error')
    const store = await open(connect())
    await server.stop('SIGKILL')
    await askFor(store, 2000)
    await server.restart()
    expect(await recoveryOf(store)).toBeLessThan(5000 + heldUpMs())
    expect(printed).not.toHaveBeenCalled()
  })
})

describe.each([
  ['ioredis', connections.ioredisSentinel],
  ['node-redis', connections.nodeRedisSentinel],
] as const)('over %s', (_, connect) => {
  it('the primary is found also where the first sentinel takes connections and never answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const addresses = [{ host: '127.0.0.1', port }, ...sentinel.addresses]
    const startedAt = performance.now()
    await open(connect({ ...sentinel, addresses }))
    expect(performance.now() - startedAt).toBeLessThan(5000 + heldUpMs())
  })
})

it('an ioredis client that waits for its first command is connected for it', async () => {
  const lazyConnect = true
  const clients = [
    new Redis(server.port, '127.0.0.1', { ...ioredisOptions, lazyConnect }),
    new Cluster([...cluster.addresses], { ...ioredisClusterOptions, lazyConnect }),
  ]
  for (const client of clients) {
    onTestFinished(() => client.disconnect())
    expect(client.status).toBe('wait')
    await createRedisStore(fromIoredis(client)).inspect()
  }
})

it.each(['ioredis', 'nodeRedis'] as const)('a client of %s that was closed is said to be', async (name) => {
  const connection = await connections[name](server)
  const store = createRedisStore(connection.driver)
  await store.inspect()
  await connection.close()
  const refusal = { name: 'ConfigurationError', option: 'client' }
  await vi.waitFor(() => expect(store.inspect()).rejects.toMatchObject(refusal), 5000)
  await expect(store.insert(sampleRecord(systemClock()))).rejects.toMatchObject({ code: 'unavailable' })
})
