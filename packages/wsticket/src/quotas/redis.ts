/**
 * Counts outstanding tickets in Redis or Valkey: each subject has a sorted set of ids, which goes by itself.
 * @module
 */
import { withinDeadline } from '../deadline.ts'
import { sha256 } from '../digest.ts'
import { defaultEngineDeadlineMs } from '../engine.ts'
import { StoreError } from '../errors.ts'
import { codes } from '../redis-scripts.ts'
import type { CountedTicket, TicketQuota } from '../ticket-quota.ts'

/** Runs the script `claim`. */
type Claim = (parts: readonly string[]) => Promise<unknown>

/** What is asked of Redis. */
export interface RedisQuotaOptions {
  /** What the keys of the store begin with. */
  readonly prefix: string
  /** Puts a question to the primary that has a key: it runs the script `claim` on it. */
  ask<Answer>(key: string, question: (claim: Claim) => Promise<Answer>): Promise<Answer>
  /** ZREM */
  remove(key: string, id: string): Promise<unknown>
}

// Redis removes keys by its own clock, which is not the issuer's.
const marginMs = 120_000

/** Counts on the engine of a store. */
export function createRedisQuota({ prefix, ask, remove }: RedisQuotaOptions): TicketQuota {
  // Its digest: a subject may be long, and says who somebody is.
  const keyOf = ({ subject }: CountedTicket) => `${prefix}quota:${sha256(subject)}`
  return {
    claim: (ticket, most, now) =>
      ask(keyOf(ticket), async (claim) => {
        const reply = await claim([now, most, ticket.id, ticket.expiresAt, marginMs].map(String))
        if (reply === codes.counted) return 0
        const waitMs = typeof reply === 'string' ? Number(reply) - now : Number.NaN
        if (waitMs > 0) return waitMs
        throw new StoreError('corrupt', 'redis answered with something that no script of ours replies')
      }),
    // Not asked as a question of the store: nobody waits for it, and where it fails redeeming goes on.
    async giveBack(ticket) {
      await withinDeadline(remove(keyOf(ticket), ticket.id), defaultEngineDeadlineMs)
    },
  }
}
