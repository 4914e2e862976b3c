/**
 * Counts outstanding tickets in Redis or Valkey: each subject has a sorted set of ids, which goes by itself.
 * @module
 */
import { withinDeadline } from '../deadline.ts'
import { sha256 } from '../digest.ts'
import { defaultEngineDeadlineMs, type Engine } from '../engine.ts'
import { StoreError } from '../errors.ts'
import { codes } from '../redis-scripts.ts'
import type { CountedTicket, TicketQuota } from '../ticket-quota.ts'

/** What is asked of Redis. */
export interface RedisQuotaOptions {
  /** What the keys of the store begin with. */
  readonly prefix: string
  /** Runs the script `claim`. */
  claim(key: string, ...parts: string[]): Promise<unknown>
  /** ZREM */
  remove(key: string, id: string): Promise<unknown>
}

// Redis removes keys by its own clock, which is not the issuer's.
const marginMs = 120_000

/** Counts on the engine of a store. */
export function createRedisQuota(engine: Engine, { prefix, claim, remove }: RedisQuotaOptions): TicketQuota {
  // Its digest: a subject may be long, and says who somebody is.
  const keyOf = ({ subject }: CountedTicket) => `${prefix}quota:${sha256(subject)}`
  return {
    claim: (ticket, most, now) =>
      engine.ask(async () => {
        const parts = [now, most, ticket.id, ticket.expiresAt, marginMs].map(String)
        const reply = await claim(keyOf(ticket), ...parts)
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
