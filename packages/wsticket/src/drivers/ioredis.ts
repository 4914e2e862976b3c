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
import { requireClientOptions, requireClusterOptions } from '../ioredis-options.ts'
import { type EventSource, nextEvent } from '../next-event.ts'
import type { RedisCommand, RedisDriver } from '../redis-driver.ts'
import { slotOf } from '../redis-slot.ts'

export {
  type IoredisClusterOptions,
  type IoredisOptions,
  ioredisClusterOptions,
  ioredisOptions,
} from '../ioredis-options.ts'

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
