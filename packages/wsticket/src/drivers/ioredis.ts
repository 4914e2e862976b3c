/**
 * Redis driver over ioredis: one server, one that sentinels watch, or a cluster.
 *
 * As it comes, ioredis sends what had no reply once more on its next connection, and keeps what it cannot send until it can: a
 * ticket would be spent twice, or long after its bearer was refused. The options below turn that off, and a client without them
 * is refused. Give tickets a client of their own.
 *
 * ```ts
 * const store = createRedisStore(fromIoredis(new Redis(process.env.REDIS_URL, ioredisOptions)))
 * ```
 * @module
 */
import { ConfigurationError } from '../errors.ts'
import { type EventSource, nextEvent } from '../next-event.ts'
import type { RedisCommand, RedisDriver } from '../redis-driver.ts'
import { slotOf } from '../redis-slot.ts'

interface Connection extends EventSource {
  readonly status: string
  readonly options: object
  connect(): Promise<unknown>
  call(command: string, ...parts: string[]): Promise<unknown>
}

/** A `Redis` of ioredis, connected to one server or by way of sentinels. */
export interface IoredisClient extends Connection {
  readonly stream?: { destroy(): unknown }
}

/** A `Cluster` of ioredis. */
export interface IoredisCluster extends Connection {
  /** The nodes that have a slot, by its number; the primary first, as `host:port`. */
  readonly slots: readonly (readonly string[])[]
  nodes(role?: 'all' | 'master' | 'slave'): readonly IoredisClient[]
}

/** Options of a client with which nothing is sent twice, nothing waits for ever, and a line that is dead is made anew. */
export interface IoredisOptions {
  readonly enableOfflineQueue: false
  readonly autoResendUnfulfilledCommands: false
  readonly maxRetriesPerRequest: 0
  readonly connectTimeout: number
  readonly socketTimeout: number
  readonly sentinelCommandTimeout: number
  readonly maxLoadingRetryTime: number
  readonly retryStrategy: (attempt: number) => number
}

/** The same for a cluster. */
export interface IoredisClusterOptions {
  readonly enableOfflineQueue: false
  readonly retryDelayOnFailover: 0
  readonly retryDelayOnClusterDown: 0
  readonly clusterRetryStrategy: (attempt: number) => number
  readonly redisOptions: Omit<IoredisOptions, 'enableOfflineQueue' | 'retryStrategy'>
}

// Less than a store waits for an answer: so a line that is dead goes by itself, and the others of a cluster stay.
const timeoutMs = 1500
// Longer, and a store is not back within five seconds of its engine.
const longestTimeoutMs = 3000

function backOff(attempt: number): number {
  return Math.min(attempt * 50, 1000)
}

const lineOptions = Object.freeze({
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: timeoutMs,
  socketTimeout: timeoutMs,
  sentinelCommandTimeout: timeoutMs,
  maxLoadingRetryTime: 1000,
} as const)

/** For `new Redis(url, ioredisOptions)`, and with `sentinels` and `name` for `new Redis({ ...ioredisOptions, ... })`. */
export const ioredisOptions: IoredisOptions = Object.freeze({
  ...lineOptions,
  enableOfflineQueue: false,
  retryStrategy: backOff,
} as const)

/** For `new Cluster(nodes, ioredisClusterOptions)`. A password goes into `redisOptions`, beside what is there. */
export const ioredisClusterOptions: IoredisClusterOptions = Object.freeze({
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  clusterRetryStrategy: backOff,
  redisOptions: lineOptions,
} as const)

/**
 * Drives a client of ioredis. Listens for its `error` events, so that ioredis does not print them: failures show in what the
 * store answers.
 * @throws ConfigurationError for a client with an option that would send a command twice, or let it wait for ever.
 */
export function fromIoredis(client: IoredisClient | IoredisCluster): RedisDriver {
  if ('nodes' in client) requireClusterOptions(client.options)
  else requireClientOptions(client.options)
  client.on('error', () => {})
  const nodes = (role: 'all' | 'master') => ('nodes' in client ? client.nodes(role) : [client])
  return {
    async ready() {
      await untilReady(client)
      // A node connects with its first command, and the cluster refuses those that it would send on there (ASK) meanwhile.
      for (const node of nodes('master')) if (node.status === 'wait') node.connect().catch(() => {})
    },
    send: (_, command) => sendOver(client, command),
    primaryOf: (key) => ('nodes' in client ? (client.slots[slotOf(key)]?.[0] ?? null) : null),
    async primaries() {
      return nodes('master').map((node) => ({ name: nameOf(node), send: (command) => sendOver(node, command) }))
    },
    reconnect(primary) {
      const late = nodes('all').filter((node) => primary === null || nameOf(node) === primary)
      // Without a word: what is late on a line, or belongs to another question, must not arrive any more. ioredis connects anew.
      for (const { status, stream } of late) if (status === 'ready') stream?.destroy()
    },
  }
}

/** As a cluster names it. */
function nameOf({ options }: IoredisClient): string {
  const { host, port } = options as { readonly host?: unknown; readonly port?: unknown }
  return `${String(host)}:${String(port)}`
}

function sendOver(client: Connection, [name, ...parts]: RedisCommand): Promise<unknown> {
  return client.call(name, ...parts)
}

async function untilReady(client: Connection): Promise<void> {
  while (client.status !== 'ready') {
    if (client.status === 'end')
      throw new ConfigurationError('client', 'was closed, or its retryStrategy gave up: it does not connect again')
    // With lazyConnect. What comes of it is an event.
    if (client.status === 'wait') client.connect().catch(() => {})
    await nextEvent(client, ['ready', 'end'])
  }
}

type Rule = readonly [option: string, isRight: (value: unknown) => boolean, needed: string]

const notLong = `must be a number of milliseconds up to ${longestTimeoutMs}, or a line that is dead holds for ever`
const notGivingUp = 'must be a function that returns a delay, or the client is lost after its first failure'

const rulesOfLines: readonly Rule[] = [
  ['autoResendUnfulfilledCommands', is(false), 'must be false, or a ticket is spent twice'],
  ['maxRetriesPerRequest', is(0), 'must be 0, or what had no reply waits for ever'],
  ['connectTimeout', isShort, notLong],
  ['socketTimeout', isShort, notLong],
  ['stringNumbers', isOff, 'must be false'],
]

const rulesOfClients: readonly Rule[] = [
  ['enableOfflineQueue', is(false), 'must be false, or a ticket is spent after its bearer was refused'],
  ['enableAutoPipelining', isOff, 'must be false'],
  ['keyPrefix', isOff, 'must be empty: give createRedisStore a prefix'],
]

const rulesOfServers: readonly Rule[] = [
  ['retryStrategy', isFunction, notGivingUp],
  ['readOnly', isOff, 'must be false'],
]

const rulesOfSentinels: readonly Rule[] = [
  ['role', is('master'), 'must be master'],
  ['sentinelRetryStrategy', isFunction, notGivingUp],
  ['sentinelCommandTimeout', isShort, notLong],
]

const rulesOfClusters: readonly Rule[] = [
  ['clusterRetryStrategy', isFunction, notGivingUp],
  ['retryDelayOnFailover', is(0), 'must be 0, or a ticket is spent twice'],
  ['scaleReads', is('master'), 'must be master'],
  // Each error counts as one, also that of a script that a node does not know.
  ['maxRedirections', (value) => Number(value) >= 4, 'must be 4 or more'],
]

function requireClientOptions(options: object): void {
  const watched = 'sentinels' in options && Boolean(options.sentinels)
  const rules = [...rulesOfLines, ...rulesOfClients, ...rulesOfServers, ...(watched ? rulesOfSentinels : [])]
  requireRules(rules, options, { source: 'ioredisOptions' })
}

function requireClusterOptions(options: object): void {
  requireRules([...rulesOfClients, ...rulesOfClusters], options, { source: 'ioredisClusterOptions' })
  const { redisOptions } = options as { readonly redisOptions?: object }
  requireRules(rulesOfLines, redisOptions ?? {}, { path: 'redisOptions.', source: 'ioredisClusterOptions' })
}

interface Naming {
  readonly path?: string
  /** The options that are right. */
  readonly source: string
}

function requireRules(rules: readonly Rule[], options: object, { path = '', source }: Naming): void {
  const values = options as { readonly [option: string]: unknown }
  for (const [option, isRight, needed] of rules) {
    if (!isRight(values[option]))
      throw new ConfigurationError(`${path}${option}`, `${needed}; ${source} has what is right`)
  }
}

function is(needed: unknown): (value: unknown) => boolean {
  return (value) => value === needed
}

function isOff(value: unknown): boolean {
  return !value
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

function isShort(value: unknown): boolean {
  return typeof value === 'number' && value >= 1 && value <= longestTimeoutMs
}
