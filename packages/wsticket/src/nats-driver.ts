/**
 * Port: what the NATS store and the log ask of a NATS client. Implementations stand in `drivers/`: a few lines for each client, which also
 * see to it that the client neither publishes twice nor gives up its connection.
 * @module
 */
import type { Asker } from './asker.ts'
import type { EpochMs } from './clock.ts'

/** The server at the other end of the connection. */
export interface NatsServer {
  /** Another after each of its starts. */
  readonly id: string
  readonly version: string
  /** Whether JetStream runs on this very server. */
  readonly hasJetStream: boolean
}

/** How a stream is set up, in the words of JetStream's API, as far as the store has to do with it. */
export interface StreamConfiguration {
  readonly name: string
  readonly subjects: readonly string[]
  readonly storage: 'file' | 'memory'
  readonly retention: 'limits' | 'interest' | 'workqueue'
  readonly discard: 'new' | 'old'
  readonly num_replicas: number
  readonly max_msgs_per_subject: number
  readonly discard_new_per_subject: boolean
  /** -1 for no limit. */
  readonly max_msgs: number
  /** In nanoseconds; 0 for none. */
  readonly max_age: number
  /** In nanoseconds. */
  readonly duplicate_window: number
  /** -1 for no limit. */
  readonly max_bytes: number
  readonly allow_direct: boolean
  readonly allow_rollup_hdrs: boolean
  readonly deny_delete: boolean
  readonly deny_purge: boolean
  readonly sealed: boolean
  readonly no_ack?: boolean
  readonly mirror?: unknown
  readonly sources?: readonly unknown[]
}

/** What a server says of a stream. */
export interface Stream {
  readonly configuration: StreamConfiguration
  readonly createdAt: EpochMs
  /** The numbers of the oldest and the newest message that it has; where it has none, the second is below the first, or both are 0. */
  readonly firstSequence: number
  readonly lastSequence: number
}

/** A message that a stream keeps. */
export interface KeptMessage {
  /** A stream counts its messages from 1, and leaves none out. */
  readonly sequence: number
  /** What its publisher calls it (`Nats-Msg-Id`); empty for nothing. */
  readonly id: string
  readonly text: string
  readonly storedAt: EpochMs
}

/** Says that a stream has kept a message, as which. */
export interface Acknowledgement {
  readonly stream: string
  readonly sequence: number
}

/**
 * A NATS client with JetStream. The store never closes it: who opened it does. Where the server refuses, a method MUST reject
 * with the error of JetStream's API: its `err_code` as `code`, its description as `message`.
 */
export interface NatsDriver {
  /**
   * Resolves when there is a connection. May wait for ever: the store has a deadline, and waits once at a time. MUST throw a
   * ConfigurationError for a connection that is closed, or would give up one day.
   */
  ready(): Promise<void>

  /** Where the connection leads now; null while there is none, and what is asked would be lost. */
  server(): NatsServer | null

  /** Null for a stream that there is not. */
  stream(name: string): Promise<Stream | null>

  /** Creates a stream. Resolves also where there is the same already. */
  createStream(configuration: Partial<StreamConfiguration> & { readonly name: string }): Promise<void>

  /**
   * Keeps a message as the first of its subject, and resolves with the name of the stream that has it. MUST say to the server
   * that there is none before it (`Nats-Expected-Last-Subject-Sequence: 0`), and MUST NOT send it again once anybody may have
   * received it, or once nobody waits for it.
   */
  publishFirst(message: { readonly subject: string; readonly text: string }, asker: Asker): Promise<string>

  /** Keeps a message behind all others, with its id. MUST NOT send it again either, nor once nobody waits for it. */
  publish(
    message: { readonly subject: string; readonly text: string; readonly id: string },
    asker: Asker,
  ): Promise<Acknowledgement>

  /** The message of a number, as the leader of the stream has it; null for none. */
  messageOfLeader(stream: string, sequence: number): Promise<KeptMessage | null>

  /** Drops every message of a stream whose number is below this one. */
  dropBelow(stream: string, sequence: number): Promise<void>

  /** The subjects of the messages that a stream has, of those that a filter with wildcards means. */
  subjectsOf(stream: string, filter: string): Promise<readonly string[]>

  /** Drops every message of a stream whose subject a filter with wildcards means. */
  drop(stream: string, filter: string): Promise<void>

  /** The last message of a subject, as the leader of the stream has it; null for none. */
  lastOfLeader(stream: string, subject: string): Promise<KeptMessage | null>

  /** The same, as any of its replicas has it: it may be late. */
  lastOfAny(stream: string, subject: string): Promise<KeptMessage | null>

  /** Drops the connection, and opens a new one, to another server if there is one. MUST NOT throw. */
  reconnect(): void
}
