/**
 * A stream of JetStream that is ours: looked at, and created where there is none.
 * @module
 */
import { withinDeadline } from './deadline.ts'
import { ConfigurationError, StoreError } from './errors.ts'
import type { NatsDriver, NatsServer, Stream, StreamConfiguration } from './nats-driver.ts'

/** What a stream has to be like, and what to say of one that is not. */
export type StreamRequirement = readonly [
  isMet: (configuration: StreamConfiguration) => boolean,
  /** Behind the name of the stream: `is sealed: use another`. */
  problem: string,
]

/** Which stream, and what it is to be like. */
export interface StreamPlan {
  /** What it is called in messages. */
  readonly title: string
  /** How it is set up where there is none. */
  readonly configuration: Partial<StreamConfiguration> & { readonly name: string; readonly num_replicas: number }
  readonly requirements: readonly StreamRequirement[]
  /** Before it is created, and once it is found: throws where so many replicas may not be. */
  requireReplication(replicas: number, server: NatsServer): void
  /** How long the server may take to answer all that is asked in a look, in milliseconds. */
  readonly deadlineMs: number
}

/** A stream, and the server that said so. */
export interface OpenStream {
  readonly stream: Stream
  readonly server: NatsServer
}

export const nanosecondsPerMs = 1_000_000
export const duplicateWindowMs = 120_000
const nameTaken = 10_058
// Somebody else's stream, or ours, made at the same moment by somebody who was faster.
const subjectsTaken = 10_065
const jetstreamDisabled = 'JetStreamNotEnabled'
const notStored = 10_077
const outOfResources: readonly unknown[] = [10_002, 10_023, 10_028, 10_047, 10_054]

const defaultBucket = 'wsticket'
const bucketForm = /^[A-Za-z0-9_-]{1,100}$/

/**
 * The bucket beside which streams stand.
 * @throws ConfigurationError
 */
export function requireBucket(bucket: string = defaultBucket): string {
  if (bucketForm.test(bucket)) return bucket
  throw new ConfigurationError('bucket', 'must be 1 to 100 letters and digits of ASCII, underscores and hyphens')
}

/**
 * How many servers have a stream.
 * @throws ConfigurationError
 */
export function requireReplicas(replicas = 1): number {
  if ([1, 3, 5].includes(replicas)) return replicas
  throw new ConfigurationError('replicas', 'must be 1, 3 or 5')
}

/** What every stream has to be like. */
export const streamRequirements: readonly StreamRequirement[] = [
  [({ sealed }) => sealed !== true, 'is sealed: use another'],
  [({ no_ack }) => no_ack !== true, 'acknowledges nothing: set it up without no_ack'],
  [
    ({ mirror, sources }) => mirror === undefined && !sources?.length,
    'is filled from another stream: use the original',
  ],
  [({ retention }) => retention === 'limits', 'drops what is consumed: set its retention to limits'],
  [
    ({ storage, max_bytes }) => storage === 'memory' || max_bytes <= 0,
    'is limited in bytes, and nats-server 2.9 drops what is old from files to keep to that: limit the number of messages',
  ],
]

/**
 * Looks at a stream, and creates it where there is none.
 * @throws ConfigurationError for one that does not meet the requirements.
 */
export async function openStream(driver: NatsDriver, plan: StreamPlan): Promise<OpenStream> {
  await driver.ready()
  // A question that was lost with its line is not answered, and the client takes five seconds to say so.
  return withinDeadline(openReached(driver, plan), plan.deadlineMs)
}

/**
 * The server that what is asked now goes to.
 * @throws StoreError where there is no connection, and what is asked would be sent when nobody waits.
 */
export function requireServer(driver: NatsDriver): NatsServer {
  const server = driver.server()
  if (server === null) throw new StoreError('unavailable', 'nats: there is no connection now')
  return server
}

/** Whether a message was refused because there is no room for it. */
export function isOutOfRoom(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return outOfResources.includes(code) || (code === notStored && String(message).startsWith('maximum '))
}

/** How a stream is kept: `nats 2.12.1, 3 replicas in files`. */
export function describeKeeping({ storage, num_replicas }: StreamConfiguration, { version }: NatsServer): string {
  const has = num_replicas === 1 ? '1 replica' : `${num_replicas} replicas`
  return `nats ${version}, ${has} in ${storage === 'memory' ? 'memory' : 'files'}`
}

async function openReached(driver: NatsDriver, plan: StreamPlan): Promise<OpenStream> {
  const { configuration, title, requirements, requireReplication } = plan
  const server = requireServer(driver)
  const found = await driver.stream(configuration.name).catch((error: unknown) => explain(error, server))
  if (found === null) requireReplication(configuration.num_replicas, server)
  const stream = found ?? (await create(driver, plan))
  for (const [isMet, problem] of requirements)
    if (!isMet(stream.configuration)) throw new ConfigurationError('bucket', `${title} ${problem}`)
  requireReplication(stream.configuration.num_replicas, server)
  return { stream, server }
}

async function create(driver: NatsDriver, { configuration, title }: StreamPlan): Promise<Stream> {
  const taken = await driver.createStream(configuration).then(() => null, codeOfTaken)
  const created = await driver.stream(configuration.name)
  if (created !== null) return created
  if (taken === subjectsTaken)
    throw new ConfigurationError('bucket', `${title} cannot be created: another stream has its subjects, name another`)
  throw new StoreError('unavailable', `nats: ${title} is gone again`)
}

/** Somebody else was faster, with other options: the stream is looked at as it is. */
function codeOfTaken(error: unknown): number {
  const code = (error as { code?: unknown } | null)?.code
  if (code === nameTaken || code === subjectsTaken) return code
  throw error
}

function explain(error: unknown, { hasJetStream }: NatsServer): never {
  if (!hasJetStream && error instanceof Error && error.name === jetstreamDisabled)
    throw new ConfigurationError('jetstream', 'reaches no JetStream: start nats-server with -js')
  throw error
}
