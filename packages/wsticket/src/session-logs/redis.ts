/**
 * Session log in Redis or Valkey: one stream, on the primary that has its key. What a restart or a failover takes along is noticed where
 * it held the position of a node.
 * @module
 */
import { requireDeadline } from '../deadline.ts'
import { defaultEngineDeadlineMs } from '../engine.ts'
import {
  newNonce,
  type PositionParts,
  parsePosition,
  positionOf,
  readEntries,
  readEntry,
  writeEntry,
} from '../entry-text.ts'
import { StoreError } from '../errors.ts'
import type { RedisDriver } from '../redis-driver.ts'
import { createRedisEngine } from '../redis-engine.ts'
import { createRun, requirePrefix, strangeReply } from '../redis-run.ts'
import { appendScript, codes, type RedisScript, readAfterScript } from '../redis-scripts.ts'
import { entryAgeMs, type LoggedEntry, type SessionLog } from '../session-log.ts'

/** Options of the Redis log. */
export interface RedisSessionLogOptions {
  /** What the keys of tickets begin with; the stream is `sessions` behind it. Default `wsticket:`. */
  readonly prefix?: string
  /** How long Redis may take to answer, in milliseconds. Default 2,000. */
  readonly deadlineMs?: number
}

/**
 * Creates a log. Sends nothing before the first question, and never closes the driver's client.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createRedisSessionLog(driver: RedisDriver, options: RedisSessionLogOptions = {}): SessionLog {
  const { prefix = 'wsticket:', deadlineMs = defaultEngineDeadlineMs } = options
  requirePrefix(prefix)
  const key = `${prefix}sessions`
  // A reign fences tickets. The log has nonces, and outlives a reign.
  const engine = createRedisEngine(driver, { fence: 'none_may_admit_twice', deadlineMs: requireDeadline(deadlineMs) })
  const run = createRun(driver)

  function ask<Answer>(script: RedisScript, parts: readonly string[], read: (reply: unknown) => Answer) {
    return engine.ask(key, async (asker) => read(await run(script, { key, asker }, parts)))
  }

  return {
    name: 'redis',
    append(entry) {
      const nonce = newNonce()
      return ask(appendScript, [nonce, writeEntry(entry), String(entryAgeMs)], (id) => {
        if (typeof id !== 'string') throw strangeReply()
        return positionOf(id, nonce)
      })
    },
    async readAfter(position, most) {
      const at = position === null ? beginning : parsePosition(position)
      // Asked all the same where it is a position of no engine: a log that is closed or away says so.
      const { sequence, nonce } = at ?? nowhere
      return ask(readAfterScript, [sequence, nonce, String(most)], (reply) => {
        if (reply === codes.lost) return 'lost'
        if (!Array.isArray(reply)) throw strangeReply()
        return readEntries(reply, entryOf)
      })
    },
    async close() {
      engine.close()
    },
  }
}

const beginning: PositionParts = { sequence: '', nonce: '' }
// No stream has an entry with this id.
const nowhere: PositionParts = { sequence: '0-0', nonce: '' }

function entryOf(reply: unknown): LoggedEntry {
  const [id, fields]: readonly unknown[] = Array.isArray(reply) ? reply : []
  if (typeof id !== 'string' || !Array.isArray(fields)) throw strangeReply()
  const [nonceName, nonce, entryName, text] = fields as readonly unknown[]
  if (fields.length !== 4 || nonceName !== 'nonce' || entryName !== 'entry')
    throw new StoreError('malformed', 'the session log holds an entry that is none')
  return { position: positionOf(id, nonce), entry: readEntry(text) }
}
