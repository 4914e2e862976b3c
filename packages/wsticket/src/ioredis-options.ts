/**
 * The options of ioredis with which nothing is sent twice, and what is wrong with others.
 * @module
 */
import {
  is,
  isFunction,
  isOff,
  isShort,
  type OptionRule as Rule,
  requireRules,
  lineTimeoutMs as timeoutMs,
  tooLong,
} from './redis-client-rules.ts'

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

const notGivingUp = 'must be a function that returns a delay, or the client is lost after its first failure'

const rulesOfLines: readonly Rule[] = [
  ['autoResendUnfulfilledCommands', is(false), 'must be false, or a ticket is spent twice'],
  ['maxRetriesPerRequest', is(0), 'must be 0, or what had no reply waits for ever'],
  ['connectTimeout', isShort, tooLong],
  ['socketTimeout', isShort, tooLong],
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
  ['sentinelCommandTimeout', isShort, tooLong],
]

const rulesOfClusters: readonly Rule[] = [
  ['clusterRetryStrategy', isFunction, notGivingUp],
  ['retryDelayOnFailover', is(0), 'must be 0, or a ticket is spent twice'],
  ['scaleReads', is('master'), 'must be master'],
  // Each error counts as one, also that of a script that a node does not know.
  ['maxRedirections', (value) => Number(value) >= 4, 'must be 4 or more'],
]

/**
 * The options of a `Redis`.
 * @throws ConfigurationError for one that would send a command twice, or let it wait for ever.
 */
export function requireClientOptions(options: object): void {
  const watched = 'sentinels' in options && Boolean(options.sentinels)
  const rules = [...rulesOfLines, ...rulesOfClients, ...rulesOfServers, ...(watched ? rulesOfSentinels : [])]
  requireRules(rules, options, { source: 'ioredisOptions' })
}

/**
 * The options of a `Cluster`.
 * @throws ConfigurationError for the same.
 */
export function requireClusterOptions(options: object): void {
  requireRules([...rulesOfClients, ...rulesOfClusters], options, { source: 'ioredisClusterOptions' })
  const { redisOptions } = options as { readonly redisOptions?: object }
  requireRules(rulesOfLines, redisOptions ?? {}, { path: 'redisOptions.', source: 'ioredisClusterOptions' })
}
