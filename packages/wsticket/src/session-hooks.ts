/**
 * Tells of sessions that go on and that end: the audit, and the application by its hooks. Each hook has a deadline, and none is in the way
 * of another, or of a session.
 * @module
 */
import type { EpochMs } from './clock.ts'
import { withinDeadline } from './deadline.ts'
import { nameFault } from './events.ts'
import type { SessionEnding } from './refusals.ts'
import type { Session } from './session.ts'
import type { SessionRules } from './sessions-options.ts'
import type { TicketId } from './ticket.ts'

/** Tells of sessions. Throws nothing, and keeps nobody waiting. */
export interface SessionHooks {
  /** It goes on until then; null for no limit. */
  renewed(session: Session, endsAt: EpochMs | null): void
  /** It is over; null where its client, or the application, closed it. */
  ended(session: Session, ending: SessionEnding | null): void
  /** Resolves when every hook that runs has come to its end, or its deadline. */
  settled(): Promise<void>
}

/** Creates them for the sessions of a process. */
export function createSessionHooks({ clock, emit, onRenew, onEnd, hookDeadlineMs }: SessionRules): SessionHooks {
  // Of a session one after the other: what is done at its end is not overtaken by what was begun before.
  const running = new Map<TicketId, Promise<void>>()

  async function run(hook: 'onRenew' | 'onEnd', session: Session, work: () => unknown): Promise<void> {
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
