import { expect, it, onTestFinished } from 'vitest'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { startRedisCluster } from 'wsticket-engines/redis-cluster'
import { startRedisSentinel } from 'wsticket-engines/redis-sentinel'
import { systemClock } from '../../src/clock.ts'
import { createRedisStore, type RedisStoreOptions } from '../../src/stores/redis.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { connections } from './redis-harness.ts'

async function start(...options: string[]): Promise<RedisServer> {
  const server = await startRedis({ arguments: options })
  onTestFinished(() => server.dispose())
  return server
}

/** A store on a server, over node-redis: ioredis prints that it may not ask for INFO. */
async function open(server: Pick<RedisServer, 'url'>, options: RedisStoreOptions = {}): Promise<TicketStore> {
  const connection = await connections.nodeRedis(server)
  onTestFinished(() => void connection.close())
  return createRedisStore(connection.driver, options)
}

function newRecord() {
  return sampleRecord(systemClock())
}

it('says which Redis it is, that nothing weakens it, and what holds', async () => {
  const { engine, guarantee, weaknesses } = await (await open(await start())).inspect()
  expect(engine).toMatch(/^redis \d+\.\d+\.\d+, standalone$/)
  expect(guarantee).toContain('a failover')
  expect(weaknesses).toEqual([])
})

it('counts the primaries of a cluster', async () => {
  const cluster = await startRedisCluster()
  onTestFinished(() => cluster.dispose())
  for (const connect of [connections.ioredisCluster, connections.nodeRedisCluster]) {
    const connection = await connect(cluster)
    onTestFinished(() => void connection.close())
    const { engine } = await createRedisStore(connection.driver).inspect()
    expect(engine).toMatch(/^redis \d+\.\d+\.\d+, cluster of 3$/)
  }
})

it('refuses a replica of a cluster to a client of a single server, and leaves it alone', async () => {
  const cluster = await startRedisCluster()
  onTestFinished(() => cluster.dispose())
  const replica = await cluster.replicaOf(cluster.nodes[0] as RedisServer)
  for (const connect of [connections.ioredis, connections.nodeRedis]) {
    const connection = await connect(replica)
    onTestFinished(() => void connection.close())
    const complaint = { code: 'unavailable', message: 'no primary of the cluster is reached now' }
    await expect(createRedisStore(connection.driver).inspect()).rejects.toMatchObject(complaint)
  }
  await replica.command('CONFIG', 'RESETSTAT')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(await replica.command('INFO', 'commandstats')).not.toContain('cmdstat_eval:')
})

it('refuses a Redis that evicts, with what to do, until that is done', async () => {
  const server = await start('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru')
  const store = await open(server)
  await expect(store.inspect()).rejects.toMatchObject({
    name: 'ConfigurationError',
    option: 'maxmemory-policy',
    message: expect.stringContaining('CONFIG SET maxmemory-policy noeviction'),
  })
  await expect(store.insert(newRecord())).rejects.toMatchObject({ code: 'unavailable' })
  await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  await store.inspect()
  await store.insert(newRecord())
})

it('takes a Redis without a bound whatever its policy is', async () => {
  const store = await open(await start('--maxmemory', '0', '--maxmemory-policy', 'allkeys-lru'))
  expect((await store.inspect()).weaknesses).toEqual([])
})

it('refuses a replica, also one that can be written to', async () => {
  const primary = await start()
  const replica = await startRedis({ replicaOf: primary.port, arguments: ['--replica-read-only', 'no'] })
  onTestFinished(() => replica.dispose())
  for (const epochFence of ['required', 'none_may_admit_twice'] as const) {
    const store = await open(replica, { epochFence })
    await expect(store.inspect()).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: 'client must reach a primary, and reaches a server whose role is slave',
    })
  }
})

it('refuses a user who may not see the reign, and takes one where somebody accepts that', async () => {
  const server = await start()
  await server.command('ACL', 'SETUSER', 'app', 'on', '>app', '~*', '&*', '+@all', '-info')
  const url = server.url.replace('//', '//app:app@')
  await expect((await open({ url })).inspect()).rejects.toMatchObject({
    name: 'ConfigurationError',
    option: 'epochFence',
    message: expect.stringMatching(/\+info.*none_may_admit_twice/),
  })
  const store = await open({ url }, { epochFence: 'none_may_admit_twice' })
  const { engine, weaknesses } = await store.inspect()
  expect(engine).toBe('redis of an unknown version, standalone')
  expect(weaknesses).toEqual([expect.stringContaining('epochFence'), expect.stringContaining('maxmemory-policy')])
  const record = newRecord()
  await store.insert(record)
  expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
})

it('says that a sentinel is not what it watches', async () => {
  const { addresses, dispose } = await startRedisSentinel()
  onTestFinished(dispose)
  const store = await open({ url: `redis://127.0.0.1:${addresses[0]?.port}` })
  await expect(store.inspect()).rejects.toThrow(/by way of the sentinels/)
})
