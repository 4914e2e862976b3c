/**
 * The revocations that tickets are held against: of each subject, ticket and audience the latest.
 * @module
 */
import type { Clock, EpochMs } from './clock.ts'
import { entryAgeMs, type Revocation, type SessionSelector } from './session-log.ts'
import type { TicketRecord } from './ticket.ts'

/** What is known of a ticket where it is held against revocations. */
export type RevocableTicket = Pick<TicketRecord, 'id' | 'subject' | 'audience' | 'issuedAt'>

/** Revocations that are kept in mind. */
export interface StandingRevocations {
  add(revocation: Revocation): void
  /** Whether a ticket, or the session that it opened, is void. */
  cover(ticket: RevocableTicket): boolean
}

interface Heard {
  /** Tickets are void that were issued until then. */
  readonly upTo: EpochMs
  readonly heardAt: EpochMs
}

// Of a clock that is further ahead nobody's tickets of tomorrow are void.
const toleranceMs = 60_000

/** Creates them: none yet. What is older than the log's entries is forgotten, and no ticket lives as long. */
export function createStandingRevocations(clock: Clock): StandingRevocations {
  // In the order in which they were written, so that the oldest come first.
  const latest = new Map<string, Heard>()

  function forgetOld(): void {
    // Not by what was written: the clock of who wrote it may be wrong.
    const now = clock()
    for (const [key, { heardAt }] of latest) {
      if (now - heardAt < entryAgeMs) return
      latest.delete(key)
    }
  }

  return {
    add({ selector, at }) {
      const key = keyOf(selector)
      const now = clock()
      const known = latest.get(key)?.upTo ?? Number.NEGATIVE_INFINITY
      const upTo = Math.max(known, Math.min(at, now + toleranceMs)) as EpochMs
      latest.delete(key)
      latest.set(key, { upTo, heardAt: now })
      forgetOld()
    },
    cover({ id, subject, audience, issuedAt }) {
      if (latest.size === 0) return false
      const before = (selector: SessionSelector) =>
        issuedAt <= (latest.get(keyOf(selector))?.upTo ?? Number.NEGATIVE_INFINITY)
      const has = (selector: SessionSelector) => latest.has(keyOf(selector))
      return (
        before({ kind: 'everything' }) ||
        before({ kind: 'subject', subject }) ||
        before({ kind: 'audience', audience }) ||
        has({ kind: 'session', id, subject: null }) ||
        has({ kind: 'session', id, subject })
      )
    },
  }
}

/** Whether a revocation is of a session. */
export function isOf({ selector, at }: Revocation, { id, subject, audience, issuedAt }: RevocableTicket): boolean {
  return (
    // There is no later ticket of this id: clocks that differ have no say.
    (selector.kind === 'session' && selector.id === id && (selector.subject ?? subject) === subject) ||
    (issuedAt <= at &&
      (selector.kind === 'everything' ||
        (selector.kind === 'subject' && selector.subject === subject) ||
        (selector.kind === 'audience' && selector.audience === audience)))
  )
}

function keyOf(selector: SessionSelector): string {
  switch (selector.kind) {
    case 'subject':
      return `subject ${selector.subject}`
    case 'audience':
      return `audience ${selector.audience}`
    case 'session':
      return `session ${selector.id} ${selector.subject ?? ''}`
    default:
      return 'everything'
  }
}
