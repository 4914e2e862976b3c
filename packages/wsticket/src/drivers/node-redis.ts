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
import type { RedisCommand, RedisDriver, SendToNode } from '../redis-driver.ts'
import { slotOf } from '../redis-slot.ts'

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

/** Options of a client with which nothing is sent late, and a line that is dead is made anew. */
export interface NodeRedisOptions {
  readonly disableOfflineQueue: true
  readonly pingInterval: number
  /** A new object each time: node-redis writes the host into it. */
  readonly socket: {
    connectTimeout: number
    socketTimeout: number
    reconnectStrategy: (attempt: number) => number
  }
}

/** The same for a cluster. */
export interface NodeRedisClusterOptions {
  readonly defaults: NodeRedisOptions
  readonly topologyRefreshOnReconnectionAttemptStrategy: number
}

/** The same for sentinels. */
export interface NodeRedisSentinelOptions {
  readonly nodeClientOptions: NodeRedisOptions
  readonly sentinelClientOptions: NodeRedisOptions
  readonly scanInterval: number
}

// Less than a store waits for an answer: so a line that is dead goes by itself, and the others of a cluster stay.
const timeoutMs = 1500
// Longer, and a store is not back within five seconds of its engine.
const longestTimeoutMs = 3000

function backOff(attempt: number): number {
  return Math.min(50 + attempt * 50, 1000)
}

/** For `createClient({ url, ...nodeRedisOptions })`. */
export const nodeRedisOptions: NodeRedisOptions = Object.freeze({
  disableOfflineQueue: true,
  // Each one begins the silence anew: both together are less than a store waits.
  pingInterval: 300,
  get socket() {
    return { connectTimeout: timeoutMs, socketTimeout: timeoutMs, reconnectStrategy: backOff }
  },
} as const)

/** For `createCluster({ rootNodes, ...nodeRedisClusterOptions })`. A password goes into `defaults`, beside what is there. */
export const nodeRedisClusterOptions: NodeRedisClusterOptions = Object.freeze({
  get defaults() {
    return { ...nodeRedisOptions }
  },
  topologyRefreshOnReconnectionAttemptStrategy: 1000,
} as const)

/** For `createSentinel({ name, sentinelRootNodes, ...nodeRedisSentinelOptions })`. */
export const nodeRedisSentinelOptions: NodeRedisSentinelOptions = Object.freeze({
  get nodeClientOptions() {
    return { ...nodeRedisOptions }
  },
  get sentinelClientOptions() {
    return { ...nodeRedisOptions }
  },
  scanInterval: 1000,
} as const)

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
  requireOptions(client.options, 'nodeRedisOptions')
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
      requireOptions(primary.options, 'nodeRedisSentinelOptions', 'nodeClientOptions.')
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

interface LineOptions {
  readonly disableOfflineQueue?: unknown
  readonly pingInterval?: unknown
  readonly readonly?: unknown
  readonly socket?: {
    readonly connectTimeout?: unknown
    readonly socketTimeout?: unknown
    readonly reconnectStrategy?: unknown
  }
}

const short = `must be a number of milliseconds up to ${longestTimeoutMs}, or a line that is dead holds for ever`

function requireOptions(options: LineOptions, source: string, path = ''): void {
  const { disableOfflineQueue, pingInterval, readonly, socket = {} } = options
  const { connectTimeout, socketTimeout, reconnectStrategy } = socket
  const rules: readonly (readonly [boolean, string, string])[] = [
    [
      disableOfflineQueue === true,
      'disableOfflineQueue',
      'must be true, or a ticket is spent after its bearer was refused',
    ],
    [isShort(connectTimeout), 'socket.connectTimeout', short],
    [isShort(socketTimeout), 'socket.socketTimeout', short],
    [
      isShort(pingInterval) && Number(pingInterval) < Number(socketTimeout),
      'pingInterval',
      'must be less than socket.socketTimeout, or a line is dropped because nobody asked',
    ],
    [
      typeof reconnectStrategy === 'function' || isShort(reconnectStrategy),
      'socket.reconnectStrategy',
      'must be a function or a number, or the client is lost when its line is dropped',
    ],
    [!readonly, 'readonly', 'must be false'],
  ]
  requireRules(rules, source, path)
}

function requireClusterOptions(options: object): void {
  const source = 'nodeRedisClusterOptions'
  const {
    defaults,
    useReplicas,
    minimizeConnections,
    topologyRefreshOnReconnectionAttemptStrategy: refresh,
  } = options as {
    readonly [option: string]: unknown
  }
  requireOptions((defaults ?? {}) as LineOptions, source, 'defaults.')
  requireRules(
    [
      [!useReplicas, 'useReplicas', 'must be false'],
      [!minimizeConnections, 'minimizeConnections', 'must be false'],
      [
        typeof refresh === 'function' || isShort(refresh),
        'topologyRefreshOnReconnectionAttemptStrategy',
        `must be a function, or a number of milliseconds up to ${longestTimeoutMs}`,
      ],
    ],
    source,
  )
}

function requireRules(rules: readonly (readonly [boolean, string, string])[], source: string, path = ''): void {
  for (const [holds, option, needed] of rules) {
    if (!holds) throw new ConfigurationError(`${path}${option}`, `${needed}; ${source} has what is right`)
  }
}

function isShort(value: unknown): boolean {
  return typeof value === 'number' && value >= 1 && value <= longestTimeoutMs
}
