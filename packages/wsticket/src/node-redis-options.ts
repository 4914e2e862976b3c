/**
 * The options of node-redis with which nothing is sent late, and what is wrong with others.
 * @module
 */
import {
  is,
  isFunction,
  isOff,
  isShort,
  type OptionRule,
  type RuleContext,
  requireRules,
  lineTimeoutMs as timeoutMs,
  tooLong,
} from './redis-client-rules.ts'

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

const rulesOfLines: readonly OptionRule[] = [
  ['disableOfflineQueue', is(true), 'must be true, or a ticket is spent after its bearer was refused'],
  ['socket.connectTimeout', isShort, tooLong],
  ['socket.socketTimeout', isShort, tooLong],
  ['pingInterval', isShort, tooLong],
  [
    'socket.reconnectStrategy',
    (value) => isFunction(value) || isShort(value),
    'must be a function or a number, or the client is lost when its line is dropped',
  ],
  ['readonly', isOff, 'must be false'],
]

const rulesOfClusters: readonly OptionRule[] = [
  ['useReplicas', isOff, 'must be false'],
  ['minimizeConnections', isOff, 'must be false'],
  ['topologyRefreshOnReconnectionAttemptStrategy', (value) => isFunction(value) || isShort(value), tooLong],
]

/**
 * The options of a client.
 * @throws ConfigurationError for one that would send a command late, or let it wait for ever.
 */
export function requireClientOptions(options: object, context: RuleContext): void {
  requireRules([...rulesOfLines, rulePingingSooner(options)], options, context)
}

/**
 * The options of a cluster.
 * @throws ConfigurationError for the same.
 */
export function requireClusterOptions(options: { readonly defaults?: object }): void {
  const source = 'nodeRedisClusterOptions'
  requireClientOptions(options.defaults ?? {}, { path: 'defaults.', source })
  requireRules(rulesOfClusters, options, { source })
}

function rulePingingSooner({ socket }: { readonly socket?: { readonly socketTimeout?: unknown } }): OptionRule {
  return [
    'pingInterval',
    (value) => Number(value) < Number(socket?.socketTimeout),
    'must be less than socket.socketTimeout, or a line is dropped because nobody asked',
  ]
}
