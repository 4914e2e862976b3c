/**
 * Counts outstanding tickets in the memory of one process.
 * @module
 */
import type { EpochMs } from '../clock.ts'
import type { Subject } from '../credential.ts'
import type { TicketId } from '../ticket.ts'
import type { TicketQuota } from '../ticket-quota.ts'

type Counted = Map<TicketId, EpochMs>

/** Creates a quota without tickets. It keeps what is outstanding, and forgets the rest in passing. */
export function createMemoryQuota(): TicketQuota {
  // Whoever was given a ticket last is last.
  const bySubject = new Map<Subject, Counted>()

  function forgetOldest(now: EpochMs): void {
    for (const [subject, counted] of bySubject) {
      dropOver(counted, now)
      if (counted.size > 0) return
      bySubject.delete(subject)
    }
  }

  return {
    async claim({ id, subject, expiresAt }, most, now) {
      forgetOldest(now)
      const counted: Counted = bySubject.get(subject) ?? new Map()
      dropOver(counted, now)
      if (counted.size >= most) return Math.min(...counted.values()) - now
      counted.set(id, expiresAt)
      bySubject.delete(subject)
      bySubject.set(subject, counted)
      return 0
    },
    async giveBack({ id, subject }) {
      const counted = bySubject.get(subject)
      counted?.delete(id)
      if (counted?.size === 0) bySubject.delete(subject)
    },
  }
}

function dropOver(counted: Counted, now: EpochMs): void {
  for (const [id, expiresAt] of counted) if (now >= expiresAt) counted.delete(id)
}
