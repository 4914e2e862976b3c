/**
 * Driver: NATS, by `@nats-io/jetstream` 3.4 on a connection of `@nats-io/transport-node`, or of any other transport of it.
 *
 * ```ts
 * const connection = await connect({ servers: 'nats://nats.internal', ...natsOptions })
 * const store = createNatsStore(fromNats(jetstream(connection)))
 * ```
 * @module
 */
import { type Asker, requireWaiting } from '../asker.ts'
import type { EpochMs } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import type {
  Acknowledgement,
  KeptMessage,
  NatsDriver,
  NatsServer,
  Stream,
  StreamConfiguration,
} from '../nats-driver.ts'

/** Options of a connection that never gives up, and soon looks for another server. */
export interface NatsOptions {
  readonly maxReconnectAttempts: -1
  readonly reconnectTimeWait: number
  /** For each attempt to connect, in milliseconds. */
  readonly timeout: number
  readonly ignoreAuthErrorAbort: true
  /** Else two stacks are taken for every request, at a third of its cost. */
  readonly noAsyncTraces: true
}

/** For `connect({ servers, ...natsOptions })`. */
export const natsOptions: NatsOptions = Object.freeze({
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  timeout: 2000,
  ignoreAuthErrorAbort: true,
  noAsyncTraces: true,
} as const)

const longestAttemptMs = 5000
// Far longer than any deadline of the store: this only clears the client's own memory of what nobody waits for.
const publishTimeoutMs = 10_000
const streamNotFound = 10_059
// What the client makes of the status 503.
const nobodyListens = 'JetStreamNotEnabled'
const messageId = 'Nats-Msg-Id'
const pausesMs = [20, 50, 100, 200]

/** What `jetstream(connection)` returns, as far as it is used here. */
export interface JetStream {
  publish(
    subject: string,
    text: string,
    options: PublishOptions,
  ): Promise<{ readonly stream: string; readonly seq: number }>
  jetstreamManager(checkApi: boolean): Promise<JetStreamManager>
  /** The types of the client do not name it. */
  getConnection?(): unknown
}

/** What the server is told with a message. */
interface Terms {
  readonly expect?: { readonly lastSubjectSequence: number }
  readonly msgID?: string
}

interface PublishOptions extends Terms {
  readonly retries: number
  readonly timeout: number
}

interface JetStreamManager {
  readonly streams: MessageSource & {
    info(name: string, options?: { readonly subjects_filter: string }): Promise<StreamInfo>
    add(configuration: { readonly name: string }): Promise<unknown>
    purge(name: string, options: { readonly seq: number } | { readonly filter: string }): Promise<unknown>
  }
  readonly direct: MessageSource
}

interface StreamInfo {
  readonly config: object
  readonly created: string
  readonly state: {
    readonly first_seq: number
    readonly last_seq: number
    readonly subjects?: { readonly [subject: string]: number }
  }
}

interface MessageSource {
  getMessage(stream: string, query: { last_by_subj: string } | { seq: number }): Promise<Message | null>
}

interface Message {
  readonly seq: number
  readonly header: { get(name: string): string }
  readonly timestamp: string
  string(): string
}

interface Connection {
  readonly options: {
    readonly reconnect?: boolean
    readonly maxReconnectAttempts?: number
    readonly ignoreAuthErrorAbort?: boolean
    readonly timeout?: number
  }
  /** Undefined while there is no connection. */
  readonly info?: { readonly server_id: string; readonly version: string; readonly jetstream?: boolean }
  isClosed(): boolean
  status(): AsyncIterable<{ readonly type: string }>
  reconnect(): Promise<void>
}

/** The parts of a client. */
interface Client {
  readonly jetstream: JetStream
  readonly manager: JetStreamManager
  readonly connection: Connection
}

/**
 * Takes a NATS client: what `jetstream(connection)` returns, or a promise of it where the first connection is still to be made.
 * @throws ConfigurationError for a connection that would give up one day, or wait too long. Of a promise, `ready` does.
 */
export function fromNats(jetstream: JetStream | Promise<JetStream>): NatsDriver {
  // Whether it can be had, `ready` says.
  if (jetstream instanceof Promise) jetstream.catch(() => {})
  else connectionOf(jetstream)
  let client: Client | null = null
  /** Settles when there is a connection again; null while there is one. */
  let line: Promise<void> | null = null

  function awaitLine(connection: Connection): Promise<void> {
    line ??= nextLine(connection).finally(() => {
      line = null
    })
    // Nobody may be waiting.
    line.catch(() => {})
    return line
  }

  return {
    async ready() {
      client ??= await openClient(await jetstream)
      const { connection } = client
      if (line !== null || connection.isClosed() || connection.info === undefined) await awaitLine(connection)
    },
    server: () => (client === null || line !== null ? null : serverOf(client.connection)),
    ...streamsOf(() => opened(client).manager),
    async publishFirst(message, asker) {
      const asFirst = { ...message, terms: { expect: { lastSubjectSequence: 0 } } }
      return (await publish(opened(client), asFirst, asker)).stream
    },
    publish: ({ id, ...message }, asker) => publish(opened(client), { ...message, terms: { msgID: id } }, asker),
    reconnect() {
      if (client === null) return
      void awaitLine(client.connection)
      // Rejects for a closed connection only, and `ready` says so.
      client.connection.reconnect().catch(() => {})
    },
  }
}

function opened(client: Client | null): Client {
  if (client === null) throw new Error('the driver is asked before it is ready')
  return client
}

type Streams = Pick<
  NatsDriver,
  'stream' | 'createStream' | 'messageOfLeader' | 'dropBelow' | 'subjectsOf' | 'drop' | 'lastOfLeader' | 'lastOfAny'
>

function streamsOf(manager: () => JetStreamManager): Streams {
  return {
    stream: (name) => manager().streams.info(name).then(streamOf, nullIfNotFound),
    async createStream(configuration) {
      await manager().streams.add(configuration)
    },
    async messageOfLeader(stream, sequence) {
      return messageOf(await manager().streams.getMessage(stream, { seq: sequence }))
    },
    async dropBelow(stream, sequence) {
      await manager().streams.purge(stream, { seq: sequence })
    },
    async subjectsOf(stream, filter) {
      const { state } = await manager().streams.info(stream, { subjects_filter: filter })
      return Object.keys(state.subjects ?? {})
    },
    async drop(stream, filter) {
      await manager().streams.purge(stream, { filter })
    },
    async lastOfLeader(stream, subject) {
      return messageOf(await manager().streams.getMessage(stream, { last_by_subj: subject }))
    },
    async lastOfAny(stream, subject) {
      return messageOf(await manager().direct.getMessage(stream, { last_by_subj: subject }))
    },
  }
}

async function publish(
  { jetstream }: Client,
  { subject, text, terms }: { readonly subject: string; readonly text: string; readonly terms: Terms },
  asker: Asker,
): Promise<Acknowledgement> {
  const attempt = async () => {
    const { stream, seq } = await jetstream.publish(subject, text, { ...terms, retries: 1, timeout: publishTimeoutMs })
    return { stream, sequence: seq }
  }
  for (const pauseMs of pausesMs) {
    try {
      return await attempt()
    } catch (error) {
      // The server has told nobody: a stream that was just created is not known everywhere yet, or its leader has just left.
      if (!(error instanceof Error && error.name === nobodyListens)) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      requireWaiting(asker)
    }
  }
  return attempt()
}

async function openClient(jetstream: JetStream): Promise<Client> {
  const connection = connectionOf(jetstream)
  // False: not to ask the server anything yet.
  return { jetstream, connection, manager: await jetstream.jetstreamManager(false) }
}

/**
 * The connection of a client.
 * @throws ConfigurationError for one that is no good.
 */
function connectionOf(jetstream: JetStream): Connection {
  const connection = jetstream?.getConnection?.() as Connection | undefined
  if (connection?.options === undefined)
    throw new ConfigurationError('jetstream', 'must be what jetstream(connection) of @nats-io/jetstream 3.4 returns')
  const { reconnect, maxReconnectAttempts, ignoreAuthErrorAbort, timeout } = connection.options
  if (reconnect === false || maxReconnectAttempts !== -1 || ignoreAuthErrorAbort !== true)
    throw new ConfigurationError('jetstream', 'is on a connection that gives up one day: connect with ...natsOptions')
  if (timeout === undefined || timeout > longestAttemptMs)
    throw new ConfigurationError('jetstream', 'is on a connection that waits too long: connect with ...natsOptions')
  return connection
}

/** Resolves when the connection is made anew. */
async function nextLine(connection: Connection): Promise<void> {
  if (!connection.isClosed()) for await (const { type } of connection.status()) if (type === 'reconnect') return
  throw new ConfigurationError(
    'jetstream',
    'is on a closed connection, which never opens again: make a new store on a new one',
  )
}

function serverOf({ info }: Connection): NatsServer | null {
  return info === undefined
    ? null
    : { id: info.server_id, version: info.version, hasJetStream: info.jetstream === true }
}

function streamOf({ config, created, state }: StreamInfo): Stream {
  return {
    configuration: config as StreamConfiguration,
    createdAt: instantOf(created),
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
  }
}

function nullIfNotFound(error: unknown): null {
  if ((error as { code?: unknown } | null)?.code === streamNotFound) return null
  throw error
}

function messageOf(message: Message | null): KeptMessage | null {
  if (message === null) return null
  const { seq, header, timestamp } = message
  return { sequence: seq, id: header.get(messageId), text: message.string(), storedAt: instantOf(timestamp) }
}

function instantOf(timestamp: string): EpochMs {
  return Date.parse(timestamp) as EpochMs
}
