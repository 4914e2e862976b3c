/**
 * Session log in NATS JetStream: one stream in files, beside the bucket of the tickets. A message is an entry; its id is the nonce.
 * @module
 */
import { type Asker, requireWaiting } from '../asker.ts'
import { requireDeadline } from '../deadline.ts'
import { createEngine, defaultEngineDeadlineMs } from '../engine.ts'
import { newNonce, positionOf, writeEntry } from '../entry-text.ts'
import { StoreError } from '../errors.ts'
import type { NatsDriver } from '../nats-driver.ts'
import { dropOld, type EntrySource, mostDropped, readBehind, readOldest } from '../nats-log-entries.ts'
import { logStreamOf, openLogStream } from '../nats-log-stream.ts'
import { isOutOfRoom, requireBucket, requireReplicas, requireServer } from '../nats-stream.ts'
import type { SessionLog } from '../session-log.ts'

/** How the log is kept in NATS. */
export interface NatsSessionLogOptions {
  /** The bucket of the tickets; the stream has its name, and `_sessions` behind it. Default: `wsticket`. */
  readonly bucket?: string
  /**
   * How many servers have the stream, where the log creates it; a stream that is there keeps its number. Before NATS 2.12 several may
   * lose what they have acknowledged when one of them is cut off from the others for some seconds. Default: 1.
   */
  readonly replicas?: 1 | 3 | 5
  /** How long the server may take to answer, in milliseconds. Default: 2000. */
  readonly deadlineMs?: number
}

/** More go each time than have come. */
const dropEvery = mostDropped / 2

/**
 * Creates a log. Asks nothing before the first question, and never closes the driver's client.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createNatsSessionLog(driver: NatsDriver, options: NatsSessionLogOptions = {}): SessionLog {
  const bucket = requireBucket(options.bucket)
  const replicas = requireReplicas(options.replicas)
  const deadlineMs = requireDeadline(options.deadlineMs ?? defaultEngineDeadlineMs)
  const source: EntrySource = { driver, stream: logStreamOf(bucket), patienceMs: deadlineMs / 3 }
  const engine = createEngine({
    name: 'nats',
    deadlineMs,
    inspect: () => openLogStream(driver, { bucket, replicas, deadlineMs }),
    reconnect: () => driver.reconnect(),
  })

  function ask<Answer>(question: (asker: Asker) => Promise<Answer>): Promise<Answer> {
    return engine.ask(async (asker) => {
      requireServer(driver)
      return question(asker)
    })
  }

  return {
    name: 'nats',
    async append(entry) {
      const message = { subject: source.stream, text: writeEntry(entry), id: newNonce() }
      const { stream, sequence } = await ask((asker) => publish(driver, message, asker))
      if (stream !== source.stream) throw strangeStream()
      // Nobody waits for that: where it fails, the next one does it.
      if (sequence % dropEvery === 0) ask(() => dropOld(source, sequence)).catch(() => {})
      return positionOf(sequence, message.id)
    },
    readAfter: (position, most) =>
      ask((asker) => (position === null ? readOldest(source, most) : readBehind(source, { position, most, asker }))),
    async close() {
      engine.close()
    },
  }
}

async function publish(driver: NatsDriver, message: Parameters<NatsDriver['publish']>[0], asker: Asker) {
  requireWaiting(asker)
  try {
    return await driver.publish(message, asker)
  } catch (error) {
    if (isOutOfRoom(error)) throw new StoreError('capacity', 'the session log has no room')
    throw error
  }
}

function strangeStream(): StoreError {
  return new StoreError('corrupt', 'nats: another stream has taken what was meant for the session log')
}
