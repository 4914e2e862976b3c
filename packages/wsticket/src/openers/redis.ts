/**
 * `redis:`, `redis+sentinel:` and `redis+cluster:`, and with TLS `rediss:`, `rediss+sentinel:` and `rediss+cluster:`.
 * @module
 */
import type { Cluster, Redis } from 'ioredis'
import { withinDeadline } from '../deadline.ts'
import { fromIoredis, ioredisClusterOptions, ioredisOptions } from '../drivers/ioredis.ts'
import { ConfigurationError } from '../errors.ts'
import type { Opener } from '../opener.ts'
import type { RedisDriver } from '../redis-driver.ts'
import { finishWithOwnClient, loadClient, openWithOwnClient } from '../store-client.ts'
import { credentialsOf, numberOptions, requireParameters, type StoreUrl, serversOf, textOptions } from '../store-url.ts'
import type { RedisStoreOptions } from '../stores/redis.ts'

type Client = Redis | Cluster
type Ioredis = Pick<typeof import('ioredis'), 'Redis' | 'Cluster'>
type CreateClient = (ioredis: Ioredis) => Client

const defaultPort = 6379
const defaultSentinelPort = 26_379
const quitDeadlineMs = 500

/** Opens stores on Redis and Valkey, with the client ioredis. */
export const redisOpener: Opener = {
  schemes: ['redis', 'rediss', 'redis+sentinel', 'rediss+sentinel', 'redis+cluster', 'rediss+cluster'],
  read(url, trial) {
    requireParameters(url, 'prefix', 'epochFence', 'deadlineMs')
    const createClient = readClient(url)
    const options = readOptions(url, trial)
    const touched = new Set<string>()

    const connect = async () => createClient(await loadClient<Ioredis>('redis', ['ioredis'], () => import('ioredis')))

    return {
      async open() {
        const { createRedisStore } = await import('../stores/redis.ts')
        const client = await connect()
        return openWithOwnClient({ end: () => end(client), failure: noteFailures(client) }, () => {
          const driver = fromIoredis(client)
          return createRedisStore(trial === null ? driver : noting(touched, driver), options)
        })
      },
      async openLog() {
        const { createRedisSessionLog } = await import('../session-logs/redis.ts')
        const client = await connect()
        return openWithOwnClient({ end: () => end(client) }, () =>
          createRedisSessionLog(fromIoredis(client), optionsBeside(options)),
        )
      },
      async openDirectory() {
        const { createRedisSessionDirectory } = await import('../session-directories/redis.ts')
        const client = await connect()
        return openWithOwnClient({ end: () => end(client) }, () =>
          createRedisSessionDirectory(fromIoredis(client), optionsBeside(options)),
        )
      },
      async erase() {
        if (touched.size === 0) return
        const client = await connect()
        await finishWithOwnClient({ end: () => end(client) }, remove(touched, fromIoredis(client)))
      },
    }
  },
}

/** For what stands beside the store of a URL. */
function optionsBeside({ prefix = 'wsticket:', deadlineMs }: RedisStoreOptions) {
  return { prefix, ...(deadlineMs === undefined ? {} : { deadlineMs }) }
}

/** Says what the connection failed with last, and nothing while it is good. */
function noteFailures(client: Client): () => unknown {
  let failure: unknown = null
  client.on('error', (error: unknown) => {
    failure = error
  })
  client.on('ready', () => {
    failure = null
  })
  return () => failure
}

/** Lets what is under way come to its end, where it comes soon. */
async function end(client: Client): Promise<void> {
  await withinDeadline(client.quit(), quitDeadlineMs).catch(() => {})
  client.disconnect()
}

function readOptions(url: StoreUrl, trial: string | null): RedisStoreOptions {
  const { epochFence, ...options } = {
    ...textOptions(url, 'prefix', 'epochFence'),
    ...numberOptions(url, 'deadlineMs'),
  }
  const { prefix = 'wsticket:' } = options
  return {
    ...options,
    // The store says what it may be.
    ...(epochFence === undefined ? {} : { epochFence: epochFence as NonNullable<RedisStoreOptions['epochFence']> }),
    // A user who may touch only keys that begin with the prefix may touch those of a trial.
    ...(trial === null ? {} : { prefix: `${prefix}${trial}:` }),
  }
}

/** What every client needs to know, whatever the servers are. */
interface Account {
  readonly username?: string
  readonly password?: string
  readonly tls?: object
}

function readClient(url: StoreUrl): CreateClient {
  const [scheme, topology] = url.scheme.split('+')
  const { username, password } = credentialsOf(url)
  const account: Account = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(scheme === 'rediss' ? { tls: {} } : {}),
  }
  if (topology === 'cluster') return readCluster(url, account)
  return topology === 'sentinel' ? readSentinel(url, account) : readStandalone(url, account)
}

function readStandalone(url: StoreUrl, account: Account): CreateClient {
  const [server, another] = serversOf(url, defaultPort)
  const [matched, database] = /^(?:\/(\d{0,5}))?$/.exec(url.path) ?? []
  if (another !== undefined || matched === undefined)
    throw new ConfigurationError(
      'url',
      'must be like redis://redis.internal:6379/0: one server, and the number of a database',
    )
  const options = { ...ioredisOptions, ...account, ...server, db: Number(database ?? 0) }
  return ({ Redis }) => new Redis(options)
}

function readSentinel(url: StoreUrl, account: Account): CreateClient {
  const sentinels = [...serversOf(url, defaultSentinelPort)]
  const [, name, database] = /^\/([^/]+)(?:\/(\d{1,5}))?$/.exec(url.path) ?? []
  if (name === undefined)
    throw new ConfigurationError(
      'url',
      'must name the primary as the sentinels do: redis+sentinel://sentinel.internal:26379/name',
    )
  const { tls } = account
  const secured = tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }
  const options = { ...ioredisOptions, ...account, ...secured, sentinels, name, db: Number(database ?? 0) }
  return ({ Redis }) => new Redis(options)
}

function readCluster(url: StoreUrl, account: Account): CreateClient {
  const nodes = [...serversOf(url, defaultPort)]
  if (!/^\/?$/.test(url.path))
    throw new ConfigurationError('url', 'must end with its servers: a cluster has one database')
  // Certificates are for names, and ioredis would look up the addresses itself.
  const named = account.tls === undefined ? {} : { dnsLookup: keepName }
  const redisOptions = { ...ioredisClusterOptions.redisOptions, ...account }
  return ({ Cluster }) => new Cluster(nodes, { ...ioredisClusterOptions, ...named, redisOptions })
}

function keepName(name: string, callback: (error: null, address: string) => void): void {
  callback(null, name)
}

/** The same driver; the keys of commands are noted. */
function noting(touched: Set<string>, driver: RedisDriver): RedisDriver {
  return {
    ...driver,
    send(key, command) {
      touched.add(key)
      return driver.send(key, command)
    },
  }
}

async function remove(keys: ReadonlySet<string>, driver: RedisDriver): Promise<void> {
  await driver.ready()
  // The client of a cluster connects to a node with the first command, and refuses those that come before it is connected.
  await Promise.all((await driver.primaries()).map(({ send }) => send(['PING'])))
  await Promise.all(Array.from(keys, (key) => driver.send(key, ['DEL', key])))
}
