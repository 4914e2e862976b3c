/**
 * The bucket in which the NATS store keeps its records: a stream as NATS lays out key-value buckets, so that every key-value
 * client can read it. Looked at, and created where there is none.
 * @module
 */
import type { EpochMs } from './clock.ts'
import { ConfigurationError } from './errors.ts'
import type { NatsDriver, NatsServer, StreamConfiguration } from './nats-driver.ts'
import {
  describeKeeping,
  duplicateWindowMs,
  nanosecondsPerMs,
  openStream,
  type StreamPlan,
  type StreamRequirement,
  streamRequirements,
} from './nats-stream.ts'
import type { StoreInspection } from './ticket-store.ts'

/** Which bucket, and how it is set up where there is none. */
export interface BucketOptions {
  readonly bucket: string
  readonly replicas: number
  readonly recordAgeMs: number
  /** Whether somebody has accepted that several replicas may lose a redemption. */
  readonly takesUnsound: boolean
  /** How long the server may take to answer all that is asked in a look, in milliseconds. */
  readonly deadlineMs: number
}

/** A bucket that can keep what the store promises. */
export interface Bucket {
  readonly stream: string
  /** The subject of a key. */
  readonly subjectOf: (key: string) => string
  /** The server that said so. */
  readonly serverId: string
  /** What is older than the bucket has been put into it from a backup. */
  readonly createdAt: EpochMs
  /** The server removes a message so long after it was stored, in milliseconds. */
  readonly recordAgeMs: number
  /** Whether every replica answers for itself, not the leader alone. */
  readonly hasDirectReads: boolean
  readonly inspection: StoreInspection
}

/** The server removes records by its own clock, which is not the verifier's: so long after their expiry at the earliest. */
export const marginMs = 60_000
// Tickets are meant to live no longer than a minute.
const ordinaryLifetimeMs = 60_000
// Before 2.11 a new leader may not know what the last one acknowledged (nats-server pull request 6485), and a leader that was cut
// off keeps what nobody else has: measured on 2.9.10. 2.12 is the oldest that others have examined (Jepsen, 2.12.1).
const soundSince = [2, 12] as const

/**
 * Looks at the bucket, and creates it where there is none.
 * @throws ConfigurationError for one in which a ticket could be redeemed twice, or would be dropped to make room.
 */
export async function openBucket(driver: NatsDriver, options: BucketOptions): Promise<Bucket> {
  const { bucket, deadlineMs, takesUnsound } = options
  const { stream, server } = await openStream(driver, {
    title: bucket,
    configuration: configurationOf(options),
    requirements,
    requireReplication: (replicas, of) => requireReplication(replicas, of, takesUnsound),
    deadlineMs,
  })
  const { configuration, createdAt } = stream
  return {
    stream: configuration.name,
    subjectOf: (key) => `$KV.${bucket}.${key}`,
    serverId: server.id,
    createdAt,
    recordAgeMs: configuration.max_age / nanosecondsPerMs,
    hasDirectReads: configuration.allow_direct === true,
    inspection: describe(configuration, server),
  }
}

function configurationOf({ bucket, replicas, recordAgeMs }: BucketOptions): StreamPlan['configuration'] {
  return {
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    // In the memory of one server: its restart voids every ticket. In that of several, one that comes back has forgotten what
    // it acknowledged, and can make a leader of another that never knew: files outlive the process.
    storage: replicas === 1 ? 'memory' : 'file',
    retention: 'limits',
    discard: 'new',
    num_replicas: replicas,
    // What has been put under a key stays as it is: of any number who put something there at once, one does.
    max_msgs_per_subject: 1,
    discard_new_per_subject: true,
    deny_delete: true,
    deny_purge: true,
    max_age: recordAgeMs * nanosecondsPerMs,
    duplicate_window: Math.min(recordAgeMs, duplicateWindowMs) * nanosecondsPerMs,
    allow_direct: true,
    allow_rollup_hdrs: false,
  }
}

const requirements: readonly StreamRequirement[] = [
  ...streamRequirements,
  [({ max_msgs_per_subject }) => max_msgs_per_subject === 1, 'keeps old revisions: set its history to 1'],
  [({ discard }) => discard === 'new', 'drops old records when it is full: set discard to new'],
  [
    ({ discard_new_per_subject }) => discard_new_per_subject === true,
    'lets what stands under a key be replaced: set discard_new_per_subject',
  ],
  [({ max_age }) => max_age > 0, 'keeps every record for ever: give it a maximum age (ttl) of ten minutes'],
  [
    ({ storage, num_replicas }) => storage === 'file' || num_replicas === 1,
    'is kept in memory by several servers, which forget a redemption when they restart: use file storage, or one replica',
  ],
  [
    ({ storage, num_replicas }) => storage === 'memory' || num_replicas > 1,
    'is kept in a file by one server, which may forget a redemption in a crash of its machine: use memory storage, or three replicas',
  ],
]

/** Whether so many replicas keep what they have acknowledged while servers fail and lines are cut. */
function areSound(replicas: number, { version }: NatsServer): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return replicas === 1 || major > soundSince[0] || (major === soundSince[0] && minor >= soundSince[1])
}

function requireReplication(replicas: number, server: NatsServer, takesUnsound: boolean): void {
  if (takesUnsound || areSound(replicas, server)) return
  throw new ConfigurationError(
    'replication',
    `may lose redemptions before NATS 2.12, and this is ${server.version}: keep the bucket on one server (replicas: 1), or accept it with 'unsound_may_admit_twice'`,
  )
}

function describe(configuration: StreamConfiguration, server: NatsServer): StoreInspection {
  const replicas = configuration.num_replicas
  const isSound = areSound(replicas, server)
  const { guarantee, weaknesses } = replicas === 1 ? ofOneReplica : ofSeveralReplicas
  return {
    engine: describeKeeping(configuration, server),
    guarantee: isSound ? guarantee : guaranteeWhileWell,
    mayAdmitTwice: !isSound,
    weaknesses: [...(isSound ? [] : [unsoundWeakness]), ...weaknesses, ...weaknessesOfBounds(configuration)],
  }
}

const guaranteeWhileWell =
  'A ticket is redeemed at most once while every server that has the bucket runs and reaches the others.'
const unsoundWeakness =
  'A server that is cut off from the others for some seconds, or stands still, may forget redemptions and lead again later: the ticket can be redeemed again. Use NATS 2.12 or later on every server.'

const ofOneReplica = {
  guarantee: 'A ticket is redeemed at most once; a restart of the server that has the bucket voids every ticket.',
  weaknesses: [
    'One server has the bucket: while it is down no ticket is issued or redeemed. Three replicas would take over from one another.',
  ],
}

const ofSeveralReplicas = {
  guarantee:
    'A ticket is redeemed at most once, also when a server fails and another takes over, as long as no machine loses what it has acknowledged.',
  weaknesses: [
    'A redemption reaches the disks up to two minutes late: a machine that loses power may forget it, and the ticket can be redeemed again. Set sync_interval to always on every server (NATS 2.10 and later).',
    'A copy of the files that is put back while its tickets are still good brings back those that were redeemed since. Delete the bucket then: it is created anew.',
  ],
}

function weaknessesOfBounds({ max_msgs, max_bytes, max_age }: StreamConfiguration): readonly string[] {
  const longestLifetimeMs = max_age / nanosecondsPerMs - marginMs
  return [
    ...(longestLifetimeMs < ordinaryLifetimeMs
      ? [`Tickets that live longer than ${longestLifetimeMs} ms are not taken: raise the maximum age of the bucket.`]
      : []),
    ...(max_msgs > 0 || max_bytes > 0
      ? ['The bucket is limited in size, and takes no redemption either when it is full: a ticket is two messages.']
      : []),
  ]
}
