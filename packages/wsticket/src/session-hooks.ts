/**
 * Tells of sessions that begin, go on and end: the audit, and the application by its hooks. Each hook has a deadline, and none is in the way
 * of another, or of a session.
 * @module
 */
import type { EpochMs } from './clock.ts'
import { withinDeadline } from './deadline.ts'
import { nameFault, type SessionHook } from './events.ts'
import type { SessionEnding } from './refusals.ts'
import type { Session } from './session.ts'
import type { SessionRules } from './sessions-options.ts'
import type { TicketId } from './ticket.ts'

/** Tells of sessions. Throws nothing, and keeps nobody waiting. */
export interface SessionHooks {
  /** It begins. */
  started(session: Session): void
  /** It goes on until then; null for no limit. */
  renewed(session: Session, endsAt: EpochMs | null): void
  /** It is over; null where its client, or the application, closed it. */
  ended(session: Session, ending: SessionEnding | null): void
  /** Resolves when every hook that runs has come to its end, or its deadline. */
  settled(): Promise<void>
}

/** Creates them for the sessions of a process. */
export function createSessionHooks(rules: SessionRules): SessionHooks {
  const { clock, emit, onStart, onRenew, onEnd, hookDeadlineMs } = rules
  // Of a session one after the other: what is done at its end is not overtaken by what was begun before.
  const running = new Map<TicketId, Promise<void>>()

  async function run(hook: SessionHook, session: Session, work: () => unknown): Promise<void> {
    try {
      await withinDeadline(
        Promise.resolve().then(() => work()),
        hookDeadlineMs,
      )
    } catch (error) {
      emit({ type: 'hook_failed', at: clock(), hook, ...named(session), fault: nameFault(error) })
    }
  }

  function start(...call: Parameters<typeof run>): void {
    const { id } = call[1]
    const started = (running.get(id) ?? Promise.resolve()).then(() => run(...call))
    running.set(id, started)
    void started.then(() => {
      if (running.get(id) === started) running.delete(id)
    })
  }

  return {
    started(session) {
      if (onStart !== null) start('onStart', session, () => onStart(session))
    },
    renewed(session, endsAt) {
      emit({ type: 'session_renewed', at: clock(), ...named(session), endsAt })
      if (onRenew !== null) start('onRenew', session, () => onRenew(session, endsAt))
    },
    ended(session, ending) {
      emit({ type: 'session_ended', at: clock(), ...named(session), ending })
      if (onEnd !== null) start('onEnd', session, () => onEnd(session, ending))
    },
    async settled() {
      while (running.size > 0) await Promise.all(running.values())
    },
  }
}

function named({ id: ticketId, subject, audience }: Session) {
  return { ticketId, subject, audience }
}
