/**
 * Ticket store in a NATS JetStream key-value bucket: exactly one redemption over all processes that share the bucket.
 *
 * Under the key of a ticket stands its record, and under the key with `.end` what became of it: `redeemed` or `revoked`. Neither
 * is ever replaced. A redemption is two questions: a read of the record, and a write of the end, which the bucket takes once.
 *
 * Replacing the record where it stands, if it is the one that was read, would be no redemption: a stream of several replicas takes
 * several such writes at once up to nats-server 2.9.20 (nats-server issue 4320).
 * @module
 */
import { type Asker, requireWaiting } from '../asker.ts'
import type { EpochMs } from '../clock.ts'
import { requireDeadline, withinDeadline } from '../deadline.ts'
import { createEngine, defaultEngineDeadlineMs } from '../engine.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import { type Bucket, type BucketOptions, marginMs, openBucket } from '../nats-bucket.ts'
import type { KeptMessage, NatsDriver } from '../nats-driver.ts'
import { isOutOfRoom, requireBucket, requireReplicas, requireServer } from '../nats-stream.ts'
import { requireOneOf } from '../option-checks.ts'
import { readRecord, writeRecord } from '../record-text.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import type { TicketState, TicketStore } from '../ticket-store.ts'

/** How records are kept in NATS. */
export interface NatsStoreOptions {
  /** Name of the key-value bucket, which is created where there is none: letters, digits, `_` and `-`. Default: `wsticket`. */
  readonly bucket?: string
  /**
   * How many servers have the bucket, where the store creates it: with 1 it is kept in memory, and a restart voids every ticket;
   * with 3 or 5 in files, and a server that fails is replaced by another. A bucket that is there keeps its number. Default: 1.
   */
  readonly replicas?: 1 | 3 | 5
  /**
   * Servers older than NATS 2.12 lose what several replicas have acknowledged when one of them is cut off from the others for some
   * seconds: the store refuses such a bucket there. With `unsound_may_admit_twice` it takes it, and a ticket may be redeemed twice.
   * Default: `sound`.
   */
  readonly replication?: 'sound' | 'unsound_may_admit_twice'
  /**
   * How long the server keeps a record, in milliseconds, where the store creates the bucket. A ticket that lives longer than this
   * less a minute is not taken. Default: 600,000, ten minutes.
   */
  readonly recordAgeMs?: number
  /** How long the server may take to answer, in milliseconds. Default: 2000. */
  readonly deadlineMs?: number
}

const defaultRecordAgeMs = 600_000
const longestRecordAgeMs = 2 ** 31 - 1

/** How long a replica may take to answer, before the leader is asked. */
const patienceMs = 250

// Errors of JetStream's API. The second of these is of NATS 2.12: somebody else is writing there just now.
const wrongSequence: readonly unknown[] = [10_071, 10_164]
const notStored = 10_077
const subjectTaken = 'maximum messages per subject exceeded'

type End = 'redeemed' | 'revoked'
type Refusal = 'spent' | 'expired' | 'revoked' | 'unknown'

/**
 * Creates a store on a NATS client. Asks nothing yet.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createNatsStore(driver: NatsDriver, options: NatsStoreOptions = {}): TicketStore {
  const bucketOptions = requireOptions(options)
  const buckets = createBucketLook(() => openBucket(driver, bucketOptions))
  const engine = createEngine({
    name: 'nats',
    deadlineMs: bucketOptions.deadlineMs,
    inspect: async () => (await buckets.look()).inspection,
    reconnect: () => driver.reconnect(),
  })

  /** After a reconnection the server may have started anew, and the bucket be another: it is looked at before it is asked. */
  function ask<Answer>(question: (keys: Keys) => Promise<Answer>): Promise<Answer> {
    return engine.ask(async (asker) => {
      const server = requireServer(driver)
      const current = buckets.seenBy(server.id) ?? (await buckets.look())
      return question(keysOf(driver, current, asker))
    })
  }

  return {
    name: 'nats',
    insert: (record) => ask((keys) => insert(keys, record)),
    async redeem(id, now) {
      const ended = await ask((keys) => end(keys, id, { now, as: 'redeemed' }))
      return typeof ended === 'string' ? { kind: ended } : { kind: 'redeemed', record: ended }
    },
    read: (id, now) => ask((keys) => read(keys, id, now)),
    async revoke(id, now) {
      return typeof (await ask((keys) => end(keys, id, { now, as: 'revoked' }))) !== 'string'
    },
    sweep: () => ask(async () => 0),
    inspect: () => engine.inspect(),
    async close() {
      engine.close()
    },
  }
}

/** The bucket as it was seen last. */
interface BucketLook {
  /** Null where another server has it now, or none was seen. */
  seenBy(serverId: string): Bucket | null
  /** Looks, never twice at once: who comes meanwhile gets what comes of it. */
  look(): Promise<Bucket>
}

function createBucketLook(open: () => Promise<Bucket>): BucketLook {
  let seen: Bucket | null = null
  let looking: Promise<Bucket> | null = null

  async function look(): Promise<Bucket> {
    try {
      seen = await open()
      return seen
    } finally {
      looking = null
    }
  }

  return {
    seenBy: (serverId) => (seen?.serverId === serverId ? seen : null),
    look() {
      looking ??= look()
      return looking
    },
  }
}

function requireOptions(options: NatsStoreOptions): BucketOptions {
  const { replication = 'sound', recordAgeMs = defaultRecordAgeMs } = options
  const bucket = requireBucket(options.bucket)
  const replicas = requireReplicas(options.replicas)
  requireOneOf('replication', replication, ['sound', 'unsound_may_admit_twice'])
  if (!(Number.isSafeInteger(recordAgeMs) && recordAgeMs > marginMs && recordAgeMs <= longestRecordAgeMs))
    throw new ConfigurationError(
      'recordAgeMs',
      `must be a whole number of milliseconds above ${marginMs}, up to ${longestRecordAgeMs}`,
    )
  const deadlineMs = requireDeadline(options.deadlineMs ?? defaultEngineDeadlineMs)
  return { bucket, replicas, recordAgeMs, deadlineMs, takesUnsound: replication !== 'sound' }
}

/** The keys of a bucket. */
interface Keys {
  readonly bucket: Bucket
  /** The record of a ticket, as any replica has it; null for none. */
  recordOf(id: TicketId): Promise<TicketRecord | null>
  /** The same, as the leader has it. */
  latestRecordOf(id: TicketId): Promise<TicketRecord | null>
  /** What became of a ticket; null for nothing yet. */
  endOf(id: TicketId): Promise<End | null>
  /** Puts something under a key where nothing is, and says whether it did. Not where nobody waits for it any more. */
  put(key: string, text: string): Promise<boolean>
}

function keysOf(driver: NatsDriver, bucket: Bucket, asker: Asker): Keys {
  const { stream, subjectOf } = bucket
  const latestRecordOf = async (id: TicketId) => readKept(await driver.lastOfLeader(stream, subjectOf(id)), id, bucket)
  return {
    bucket,
    latestRecordOf,
    async recordOf(id) {
      if (!bucket.hasDirectReads) return latestRecordOf(id)
      // Records do not change, so that a replica which is late can only not have it yet. Where there is none that could answer, the
      // server does not say so.
      const reading = withinDeadline(driver.lastOfAny(stream, subjectOf(id)), patienceMs)
      return readKept(await reading.catch(() => null), id, bucket) ?? latestRecordOf(id)
    },
    async endOf(id) {
      const kept = await driver.lastOfLeader(stream, subjectOf(endKeyOf(id)))
      return kept === null ? null : requireEnd(kept.text)
    },
    async put(key, text) {
      requireWaiting(asker)
      return putInto(stream, driver.publishFirst({ subject: subjectOf(key), text }, asker))
    },
  }
}

function endKeyOf(id: TicketId): string {
  return `${id}.end`
}

function readKept(kept: KeptMessage | null, id: TicketId, bucket: Bucket): TicketRecord | null {
  // Empty: the server itself has marked that the record's age was up. Older than the bucket: it is from a backup, and may have
  // been redeemed after that was made.
  if (kept === null || kept.text === '' || kept.storedAt < bucket.createdAt) return null
  const record = readRecord(kept.text, id)
  requireAgeFor(record, bucket)
  return record
}

function requireEnd(text: string): End {
  if (text === 'redeemed' || text === 'revoked') return text
  throw new StoreError('corrupt', 'the store holds something that is no end of a ticket')
}

async function putInto(stream: string, published: Promise<string>): Promise<boolean> {
  try {
    if ((await published) === stream) return true
  } catch (error) {
    return requireTaken(error)
  }
  throw new StoreError('corrupt', 'nats: another stream has taken what was meant for the bucket')
}

/** False where there was something under the key. */
function requireTaken(error: unknown): false {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (wrongSequence.includes(code) || (code === notStored && message === subjectTaken)) return false
  if (isOutOfRoom(error)) throw new StoreError('capacity', 'the bucket has no room')
  throw error
}

/** Also of what others have put there: else its end could be forgotten before it has expired, and it be redeemed again. */
function requireAgeFor({ issuedAt, expiresAt }: TicketRecord, { recordAgeMs }: Bucket): void {
  const neededMs = expiresAt - issuedAt + marginMs
  if (neededMs <= recordAgeMs) return
  throw new StoreError(
    'capacity',
    `the bucket keeps a record for ${recordAgeMs} ms, and this one needs ${neededMs}: raise its maximum age`,
  )
}

async function insert({ bucket, put }: Keys, record: TicketRecord): Promise<void> {
  requireAgeFor(record, bucket)
  if (!(await put(record.id, writeRecord(record))))
    throw new StoreError('conflict', 'the store has a record of this id')
}

interface Ending {
  readonly now: EpochMs
  readonly as: End
}

/** Ends a pending ticket: its record is for whoever did. Everybody else is told what it is. */
async function end({ recordOf, endOf, put }: Keys, id: TicketId, ending: Ending): Promise<TicketRecord | Refusal> {
  // First, so that nobody fills the bucket with the ends of tickets that there never were.
  const record = await recordOf(id)
  if (record === null) return 'unknown'
  if (ending.now >= record.expiresAt) return 'expired'
  if (await put(endKeyOf(id), ending.as)) return record
  const ended = await endOf(id)
  if (ended === null) throw new StoreError('unavailable', 'nats: somebody else is at this key')
  return ended === 'redeemed' ? 'spent' : 'revoked'
}

async function read({ latestRecordOf, endOf }: Keys, id: TicketId, now: EpochMs): Promise<TicketState> {
  const [record, ended] = await Promise.all([latestRecordOf(id), endOf(id)])
  if (record === null) return { kind: 'unknown' }
  return { kind: ended ?? (now >= record.expiresAt ? 'expired' : 'pending'), record }
}
