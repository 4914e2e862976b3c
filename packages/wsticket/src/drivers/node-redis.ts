/**
 * Redis driver over node-redis (`redis`, `@redis/client`): `createClient`, `createCluster` and `createSentinel`.
 *
 * node-redis never sends again what had no reply, but for `createSentinel`, whose node is driven here without its facade. As it
 * comes it keeps what it cannot send until it can, and stays on a line that is dead. The options below turn that off, and a
 * client without them is refused. Give tickets a client of their own, and connect it.
 *
 * ```ts
 * const client = await createClient({ url: process.env.REDIS_URL, ...nodeRedisOptions }).connect()
 * const store = createRedisStore(fromNodeRedis(client))
 * ```
 * @module
 */
import { ConfigurationError, StoreError } from '../errors.ts'
import { type EventSource, nextEvent } from '../next-event.ts'
import { requireClientOptions, requireClusterOptions } from '../node-redis-options.ts'
import type { RedisCommand, RedisDriver, SendToNode } from '../redis-driver.ts'
import { slotOf } from '../redis-slot.ts'

export {
  type NodeRedisClusterOptions,
  type NodeRedisOptions,
  type NodeRedisSentinelOptions,
  nodeRedisClusterOptions,
  nodeRedisOptions,
  nodeRedisSentinelOptions,
} from '../node-redis-options.ts'

interface Connection extends EventSource {
  readonly isOpen: boolean
  readonly isReady: boolean
}

type Parts = readonly (string | Uint8Array)[]

/** What `createClient` makes. */
export interface NodeRedisClient extends Connection {
  readonly options: object
  connect(): Promise<unknown>
  destroy(): void
  sendCommand(command: Parts, options?: object): Promise<unknown>
}

/** What `createCluster` makes. */
export interface NodeRedisCluster extends Connection {
  readonly _options: object
  readonly masters: readonly { readonly address: string; readonly client?: NodeRedisClient }[]
  /** By the number of the slot; without those of which nothing is known yet. */
  readonly slots: readonly { readonly master: { readonly address: string } }[]
  sendCommand(
    key: string | undefined,
    readOnly: boolean | undefined,
    command: Parts,
    options?: object,
  ): Promise<unknown>
}

/** What `createSentinel` makes. */
export interface NodeRedisSentinel extends Connection {
  _execute<Result>(readOnly: boolean | undefined, use: (node: NodeRedisClient) => Promise<Result>): Promise<Result>
}

/**
 * Drives a client of node-redis, which has to be connected before the first question. Listens for its `error` events, for
 * node-redis ends the process where nobody does: failures show in what the store answers.
 * @throws ConfigurationError for a client with an option that would send a command late, or let it wait for ever. What sentinels
 * were given can be seen only when a node is there: the store says it then.
 */
export function fromNodeRedis(client: NodeRedisClient | NodeRedisCluster | NodeRedisSentinel): RedisDriver {
  client.on('error', () => {})
  if ('masters' in client) return driveCluster(client)
  return '_execute' in client ? driveSentinel(client) : driveClient(client)
}

// A deadline of node-redis's own costs a timer for each command, and the types of replies are not the application's to choose.
const plain = Object.freeze({ timeout: 0, typeMapping: Object.freeze({}) })

function driveClient(client: NodeRedisClient): RedisDriver {
  requireClientOptions(client.options, { source: 'nodeRedisOptions' })
  return {
    ready: () => untilReady(client),
    send: (_, command) => client.sendCommand(command, plain),
    primaryOf: () => null,
    primaries: async () => [{ name: null, send: (command) => client.sendCommand(command, plain) }],
    reconnect: () => makeAnew(client),
  }
}

function driveCluster(cluster: NodeRedisCluster): RedisDriver {
  requireClusterOptions(cluster._options)
  return {
    ready: () => untilReady(cluster),
    send: (key, command) => cluster.sendCommand(key, false, command, plain),
    primaryOf: (key) => cluster.slots[slotOf(key)]?.master.address ?? null,
    primaries: async () => cluster.masters.map(({ address, client }) => ({ name: address, send: sendOver(client) })),
    reconnect(primary) {
      for (const { address, client } of cluster.masters)
        if (client !== undefined && (primary === null || address === primary)) makeAnew(client)
    },
  }
}

/** The facade sends a command again when its node went away with the reply, so it is only asked for the node. */
function driveSentinel(sentinel: NodeRedisSentinel): RedisDriver {
  let primary: NodeRedisClient | undefined
  const send: SendToNode = (command) => sendOver(primary)(command)
  return {
    async ready() {
      await untilReady(sentinel)
      // Anew each time. The facade closes a primary that is none any more; but one that was being made anew at that moment opens again,
      // and is nobody's: it would find a replica there, and go on finding it.
      primary = await sentinel._execute(false, async (node) => node)
      requireClientOptions(primary.options, { source: 'nodeRedisSentinelOptions', path: 'nodeClientOptions.' })
    },
    send: (_, command) => send(command),
    primaryOf: () => null,
    primaries: async () => [{ name: null, send }],
    reconnect() {
      if (primary !== undefined) makeAnew(primary)
    },
  }
}

function sendOver(client: NodeRedisClient | undefined): SendToNode {
  return (command: RedisCommand) => {
    if (client !== undefined) return client.sendCommand(command, plain)
    return Promise.reject(new StoreError('unavailable', 'redis: there is no connection to the primary now'))
  }
}

const endsOfWaiting = ['ready', 'connect', 'end', 'disconnect', 'terminated', 'error']

async function untilReady(client: Connection): Promise<void> {
  while (!client.isReady) {
    if (!client.isOpen)
      throw new ConfigurationError('client', 'is not connected: await its connect(), and close it last')
    await nextEvent(client, endsOfWaiting)
  }
}

/** The only way of node-redis to let go of a line that still looks alive. */
function makeAnew(client: NodeRedisClient): void {
  if (!client.isReady) return
  client.destroy()
  client.connect().catch(() => {})
}
