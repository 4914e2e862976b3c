/**
 * Ticket store in Redis or Valkey: one server, one watched by sentinels, or a cluster. A ticket is redeemed at most once, on the
 * primary that issued it and while that stays primary; a restart or a failover voids the tickets that are outstanding.
 *
 * ```ts
 * const client = new Redis(process.env.REDIS_URL, ioredisOptions)
 * const store = createRedisStore(fromIoredis(client))
 * ```
 * @module
 */
import type { EpochMs } from '../clock.ts'
import { requireDeadline } from '../deadline.ts'
import { defaultEngineDeadlineMs } from '../engine.ts'
import { StoreError } from '../errors.ts'
import { requireOneOf } from '../option-checks.ts'
import { createRedisQuota } from '../quotas/redis.ts'
import { readRecord, writeRecord } from '../record-text.ts'
import type { RedisDriver } from '../redis-driver.ts'
import { createRedisEngine } from '../redis-engine.ts'
import { createRun, requirePrefix, strangeReply, type Target } from '../redis-run.ts'
import { claimScript, codes, createRedisScripts, type EpochFence } from '../redis-scripts.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import type { RedeemOutcome, TicketState, TicketStore } from '../ticket-store.ts'

/** Options of the Redis store. */
export interface RedisStoreOptions {
  /** What the keys of tickets begin with: any text. Default `wsticket:`. */
  readonly prefix?: string
  /** How long Redis may take to answer, in milliseconds. Default 2000. */
  readonly deadlineMs?: number
  /**
   * `required`, the default: a ticket can be redeemed only in the reign of the primary that issued it, and a Redis that does not
   * say which reign it is in is refused. `none_may_admit_twice`: after a failover, a restart or a restored backup a ticket that
   * was spent may be redeemed once more. Stores of the two kinds do not know each other's tickets.
   */
  readonly epochFence?: EpochFence
}

// Redis removes keys by its own clock, which is not the verifier's.
const marginMs = 120_000

/**
 * Creates a Redis store. Sends nothing before the first question, and never closes the driver's client.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createRedisStore(driver: RedisDriver, options: RedisStoreOptions = {}): TicketStore {
  const { prefix = 'wsticket:', deadlineMs = defaultEngineDeadlineMs, epochFence = 'required' } = options
  requirePrefix(prefix)
  requireOneOf('epochFence', epochFence, ['required', 'none_may_admit_twice'])
  const scripts = createRedisScripts(epochFence)
  const engine = createRedisEngine(driver, { fence: epochFence, deadlineMs: requireDeadline(deadlineMs) })
  const run = createRun(driver)
  let closed = false

  function ask<Answer>(id: TicketId, question: (on: Target) => Promise<Answer>): Promise<Answer> {
    const key = prefix + id
    return engine.ask(key, (asker) => question({ key, asker }))
  }

  return {
    name: 'redis',
    quota: createRedisQuota({
      prefix,
      ask: (key, question) => engine.ask(key, (asker) => question((parts) => run(claimScript, { key, asker }, parts))),
      remove: (key, id) => driver.send(key, ['ZREM', key, id]),
    }),
    insert: (record) => ask(record.id, async (on) => requireInserted(await run(scripts.insert, on, partsOf(record)))),
    redeem: (id, now) => ask(id, async (on) => outcomeOf(await run(scripts.redeem, on, [String(now)]), id, now)),
    read: (id, now) => ask(id, async (on) => stateOf(await run(scripts.read, on, [String(now)]), id)),
    revoke: (id, now) => ask(id, async (on) => answerOf(await run(scripts.revoke, on, [String(now)]))),
    async sweep() {
      if (closed) throw new StoreError('closed', 'the redis store is closed')
      return 0
    },
    inspect: () => engine.inspect(),
    async close() {
      closed = true
      engine.close()
    },
  }
}

function partsOf(record: TicketRecord): string[] {
  const { expiresAt } = record
  return [writeRecord(record), String(expiresAt), String(expiresAt + marginMs)]
}

function requireInserted(inserted: unknown): void {
  if (inserted === codes.known) throw new StoreError('conflict', 'the store has a record of this id')
  if (inserted !== codes.inserted) throw strangeReply()
}

function outcomeOf(reply: unknown, id: TicketId, now: EpochMs): RedeemOutcome {
  if (typeof reply === 'string') {
    const record = readRecord(reply, id)
    // The field `expires` is a copy for the script; the record decides.
    return now >= record.expiresAt ? { kind: 'expired' } : { kind: 'redeemed', record }
  }
  switch (reply) {
    case codes.unknown:
      return { kind: 'unknown' }
    case codes.revoked:
      return { kind: 'revoked' }
    case codes.spent:
      return { kind: 'spent' }
    case codes.expired:
      return { kind: 'expired' }
    default:
      throw strangeReply()
  }
}

const states = new Map<unknown, Exclude<TicketState['kind'], 'unknown'>>([
  [codes.pending, 'pending'],
  [codes.spent, 'redeemed'],
  [codes.revoked, 'revoked'],
  [codes.expired, 'expired'],
])

function stateOf(reply: unknown, id: TicketId): TicketState {
  if (reply === codes.unknown) return { kind: 'unknown' }
  const [code, text]: readonly unknown[] = Array.isArray(reply) ? reply : []
  const kind = states.get(code)
  if (kind === undefined || typeof text !== 'string') throw strangeReply()
  return { kind, record: readRecord(text, id) }
}

function answerOf(reply: unknown): boolean {
  if (reply === codes.voided) return true
  if (reply === codes.untouched) return false
  throw strangeReply()
}
