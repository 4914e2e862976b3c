/**
 * Renewals: the end of a session moves, on the node that has it; the others hear whether it did.
 * @module
 */
import type { EpochMs } from './clock.ts'
import type { LiveSessions } from './live-sessions.ts'
import type { Session } from './session.ts'
import type { SessionHooks } from './session-hooks.ts'
import { appendQuietly, type Renewal, type Renewed } from './session-log.ts'
import type { SessionRules } from './sessions-options.ts'

/** When a session ends. */
export interface SessionEnd {
  /** Null for no limit. */
  readonly endsAt: EpochMs | null
}

/** Renews. */
export interface Renewals {
  /** When a session ends that may go on until then: no later than the registry allows. */
  endOf(session: Session, expiresAt: EpochMs | null): EpochMs | null
  /** Asks all nodes. */
  ask(renewal: Renewal): Promise<SessionEnd | 'unknown'>
  /** Hears what all nodes hear. */
  apply(entry: Renewal | Renewed): void
}

// Beside the two looks that it takes: of the node that has the session, and of the one that asks.
const answerDeadlineMs = 1500
// The clocks of two nodes may differ.
const staleMs = 60_000

/** Creates them for the sessions of a process. */
export function createRenewals(live: LiveSessions, rules: SessionRules, hooks: SessionHooks): Renewals {
  const { log, maximumAgeMs, graceMs, clock } = rules
  const answers = createAnswers(answerDeadlineMs + 2 * rules.pollMs)

  function limitOf({ admittedAt }: Session, expiresAt: EpochMs | null): EpochMs | null {
    const end = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, admittedAt + maximumAgeMs)
    return end === Number.POSITIVE_INFINITY ? null : (end as EpochMs)
  }

  // The grace is for who is late, and nobody is told to count on it.
  const withGrace = (end: EpochMs | null) => (end === null ? null : ((end + graceMs) as EpochMs))

  /** Null where there is no such session of this subject here. */
  function renewHere({ id, subject, expiresAt }: Renewal): SessionEnd | null {
    const session = live.find(id)
    if (session === null || session.subject !== subject) return null
    const endsAt = limitOf(session, expiresAt)
    hooks.renewed(live.move(id, withGrace(endsAt)) ?? session, endsAt)
    return { endsAt }
  }

  return {
    endOf: (session, expiresAt) => withGrace(limitOf(session, expiresAt)),
    async ask(renewal) {
      const end = renewHere(renewal)
      if (end !== null || log === null) return end ?? 'unknown'
      const answered = answers.to(renewal)
      await log.append(renewal)
      return answered
    },
    apply(entry) {
      if (entry.kind === 'renewed') return answers.give(entry)
      const end = renewHere(entry)
      // Of an older one nobody waits for the answer any more.
      if (end === null || clock() - entry.at > staleMs) return
      const { id, subject } = entry
      void appendQuietly(log, { kind: 'renewed', id, subject, expiresAt: end.endsAt })
    },
  }
}

/** Those who wait for what became of a renewal. */
function createAnswers(deadlineMs: number) {
  const waiting = new Map<string, Set<(end: SessionEnd) => void>>()
  // Somebody else who asks for the same session is not answered by it.
  const keyOf = ({ id, subject }: Renewal | Renewed) => `${id} ${subject}`
  return {
    to(renewal: Renewal): Promise<SessionEnd | 'unknown'> {
      const key = keyOf(renewal)
      const others = waiting.get(key) ?? new Set()
      waiting.set(key, others)
      return new Promise((resolve) => {
        const finish = (end: SessionEnd | 'unknown') => {
          clearTimeout(timer)
          others.delete(finish)
          if (others.size === 0) waiting.delete(key)
          resolve(end)
        }
        const timer = setTimeout(() => finish('unknown'), deadlineMs)
        others.add(finish)
      })
    },
    give(renewed: Renewed): void {
      for (const finish of waiting.get(keyOf(renewed)) ?? []) finish({ endsAt: renewed.expiresAt })
    },
  }
}
