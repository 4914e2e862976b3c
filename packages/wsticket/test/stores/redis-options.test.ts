import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fromIoredis, ioredisClusterOptions, ioredisOptions } from '../../src/drivers/ioredis.ts'
import {
  fromNodeRedis,
  type NodeRedisOptions,
  nodeRedisClusterOptions,
  nodeRedisOptions,
} from '../../src/drivers/node-redis.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { createRedisStore, type RedisStoreOptions } from '../../src/stores/redis.ts'

/** Expects a refusal of one line that begins with the option and says what it must be. */
function expectRefusal(make: () => unknown, option: string): void {
  let refusal: unknown
  try {
    make()
  } catch (error) {
    refusal = error
  }
  expect(refusal).toBeInstanceOf(ConfigurationError)
  expect(refusal).toMatchObject({ option, message: expect.stringMatching(/^\S+ must be [^\n]+$/) })
}

type Options = { readonly [option: string]: unknown }

describe('the Redis store', () => {
  const driver = fromIoredis(newRedis())

  it.each<[string, RedisStoreOptions]>([
    ['prefix', { prefix: '' }],
    ['prefix', { prefix: 'wsticket\ud800' }],
    ['prefix', { prefix: 7 as unknown as string }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['epochFence', { epochFence: 'none' as 'required' }],
  ])('refuses a %s that cannot be: %j', (option, options) => {
    expectRefusal(() => createRedisStore(driver, options), option)
  })

  it('is made without a question to the server', () => {
    expect(createRedisStore(driver, { prefix: '{tickets}*' }).name).toBe('redis')
  })
})

function newRedis(options: Options = {}): Redis {
  const client = new Redis({ ...ioredisOptions, lazyConnect: true, ...options })
  onEnd(() => client.disconnect())
  return client
}

function newCluster(options: Options = {}): Cluster {
  const client = new Cluster([{ port: 1 }], { ...ioredisClusterOptions, lazyConnect: true, ...options })
  onEnd(() => client.disconnect())
  return client
}

/** Outside of a test there is nothing to wait for: a client that is lazy has no connection. */
function onEnd(end: () => void): void {
  try {
    onTestFinished(end)
  } catch {
    end()
  }
}

describe('the driver over ioredis', () => {
  it('takes clients with the options that it offers, also beside others', () => {
    const sentinels = [{ host: '127.0.0.1', port: 1 }]
    for (const options of [{}, { db: 3 }, { sentinels, name: 'primary' }, { protocol: 2 }])
      fromIoredis(newRedis(options))
    for (const options of [{}, { natMap: {} }]) fromIoredis(newCluster(options))
  })

  it('refuses a client as ioredis makes it', () => {
    const client = new Redis({ lazyConnect: true })
    const cluster = new Cluster([{ port: 1 }], { lazyConnect: true })
    expectRefusal(() => fromIoredis(client), 'autoResendUnfulfilledCommands')
    expectRefusal(() => fromIoredis(cluster), 'enableOfflineQueue')
  })

  it.each<[string, Options]>([
    ['enableOfflineQueue', { enableOfflineQueue: true }],
    ['autoResendUnfulfilledCommands', { autoResendUnfulfilledCommands: true }],
    ['maxRetriesPerRequest', { maxRetriesPerRequest: null }],
    ['maxRetriesPerRequest', { maxRetriesPerRequest: 1 }],
    ['connectTimeout', { connectTimeout: 10_000 }],
    ['socketTimeout', { socketTimeout: undefined }],
    ['socketTimeout', { socketTimeout: 0 }],
    ['retryStrategy', { retryStrategy: null }],
    ['enableAutoPipelining', { enableAutoPipelining: true }],
    ['keyPrefix', { keyPrefix: 'app:' }],
    ['stringNumbers', { stringNumbers: true }],
    ['readOnly', { readOnly: true }],
    ['role', { sentinels: [{ port: 1 }], name: 'primary', role: 'slave' }],
    ['sentinelCommandTimeout', { sentinels: [{ port: 1 }], name: 'primary', sentinelCommandTimeout: undefined }],
    ['sentinelRetryStrategy', { sentinels: [{ port: 1 }], name: 'primary', sentinelRetryStrategy: null }],
  ])('refuses a client whose %s is %j', (option, options) => {
    const client = newRedis(options)
    expectRefusal(() => fromIoredis(client), option)
  })

  const { redisOptions } = ioredisClusterOptions
  it.each<[string, Options]>([
    ['enableOfflineQueue', { enableOfflineQueue: true }],
    ['retryDelayOnFailover', { retryDelayOnFailover: 100 }],
    ['scaleReads', { scaleReads: 'all' }],
    ['maxRedirections', { maxRedirections: 1 }],
    ['clusterRetryStrategy', { clusterRetryStrategy: null }],
    ['keyPrefix', { redisOptions: { ...redisOptions, keyPrefix: 'app:' } }],
    ['redisOptions.maxRetriesPerRequest', { redisOptions: { ...redisOptions, maxRetriesPerRequest: 20 } }],
    ['redisOptions.socketTimeout', { redisOptions: { ...redisOptions, socketTimeout: 60_000 } }],
    [
      'redisOptions.autoResendUnfulfilledCommands',
      { redisOptions: { ...redisOptions, autoResendUnfulfilledCommands: true } },
    ],
  ])('refuses a cluster for its %s', (option, options) => {
    const client = newCluster(options)
    expectRefusal(() => fromIoredis(client), option)
  })
})

describe('the driver over node-redis', () => {
  const newClient = (options: object) => createClient({ ...nodeRedisOptions, ...options })
  const newNodeCluster = (options: object) =>
    createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }], ...nodeRedisClusterOptions, ...options })

  it('takes clients with the options that it offers, also beside others', () => {
    for (const options of [{}, { database: 3 }, { RESP: 2 }, { url: 'redis://127.0.0.1:1' }])
      fromNodeRedis(newClient(options))
    fromNodeRedis(newNodeCluster({}))
    fromNodeRedis(newNodeCluster({ defaults: { ...nodeRedisOptions, password: 'secret' } }))
  })

  it('lets two clients have the options that it offers, each with a host of its own', () => {
    const [one, other] = ['redis://one.example:1', 'redis://other.example:2'].map((url) => newClient({ url }))
    expect(one?.options.socket).toMatchObject({ host: 'one.example', port: 1, socketTimeout: 1500 })
    expect(other?.options.socket).toMatchObject({ host: 'other.example', port: 2, socketTimeout: 1500 })
  })

  it('refuses a client as node-redis makes it', () => {
    expectRefusal(() => fromNodeRedis(createClient()), 'disableOfflineQueue')
    expectRefusal(() => fromNodeRedis(createCluster({ rootNodes: [] })), 'defaults.disableOfflineQueue')
  })

  it.each<[string, Options, Partial<NodeRedisOptions['socket']> | Options]>([
    ['disableOfflineQueue', { disableOfflineQueue: false }, {}],
    ['pingInterval', { pingInterval: undefined }, {}],
    ['pingInterval', { pingInterval: 1500 }, {}],
    ['readonly', { readonly: true }, {}],
    ['socket.connectTimeout', {}, { connectTimeout: 5000 }],
    ['socket.socketTimeout', {}, { socketTimeout: undefined }],
    ['socket.reconnectStrategy', {}, { reconnectStrategy: false }],
    ['socket.reconnectStrategy', {}, { reconnectStrategy: undefined }],
  ])('refuses a client, and a cluster, for its %s: %j %j', (option, options, socket) => {
    const whole = { ...nodeRedisOptions, ...options, socket: { ...nodeRedisOptions.socket, ...socket } }
    expectRefusal(() => fromNodeRedis(newClient(whole)), option)
    expectRefusal(() => fromNodeRedis(newNodeCluster({ defaults: whole })), `defaults.${option}`)
  })

  it.each<[string, Options]>([
    ['useReplicas', { useReplicas: true }],
    ['minimizeConnections', { minimizeConnections: true }],
    ['topologyRefreshOnReconnectionAttemptStrategy', { topologyRefreshOnReconnectionAttemptStrategy: false }],
  ])('refuses a cluster for its %s', (option, options) => {
    expectRefusal(() => fromNodeRedis(newNodeCluster(options)), option)
  })

  it('says that a client is not connected', async () => {
    const store = createRedisStore(fromNodeRedis(newClient({})))
    await expect(store.inspect()).rejects.toThrow('client is not connected: await its connect(), and close it last')
  })
})
