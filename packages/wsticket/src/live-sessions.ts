/**
 * The sessions that are open in this process, by id and by subject, each with its connection.
 * @module
 */
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import { type SessionEnding, type SessionEndingRow, sessionEndings } from './refusals.ts'
import type { Session, SessionConnection } from './session.ts'
import type { SessionHooks } from './session-hooks.ts'
import { createShelf, isOpen, type Live } from './session-shelf.ts'
import type { SessionRules } from './sessions-options.ts'
import type { TicketId } from './ticket.ts'

/** A session that is open. */
export interface LiveSession extends Session {
  /** When it ends unless it is renewed; null for no limit. */
  readonly endsAt: EpochMs | null
}

/** The sessions that are open. One that is closing already is neither found, listed nor counted for its subject. */
export interface LiveSessions {
  /** Those that are closing included. */
  readonly count: number
  /** Without them. */
  openCount(): number
  countOf(subject: Subject): number
  /** Null where there is none. */
  oldest(subject: Subject): LiveSession | null
  /** Those of a subject, or all for null; the oldest first. */
  list(subject: Subject | null): LiveSession[]
  /** Null where there is none. */
  find(id: TicketId): LiveSession | null
  add(session: Session, connection: SessionConnection, endsAt: EpochMs | null): void
  /** Moves the end of a session. Returns it as it was attached; null where there is none. */
  move(id: TicketId, endsAt: EpochMs | null): Session | null
  /** Closes it, with what its ending has in the table; it is over once its connection is. Nothing happens where it is closing already. */
  end(id: TicketId, ending: SessionEnding): void
  /** The connection is closed: the session is over. Why, where the adapter has closed it by itself. */
  remove(id: TicketId, why: SessionEnding | null): void
  /** Ends all connections at once. */
  destroyAll(): void
}

/** Creates the collection: empty. `onChange` hears of each that begins, has another end, or is open no more. */
export function createLiveSessions(
  { clock }: Pick<SessionRules, 'clock'>,
  hooks: SessionHooks,
  onChange: (session: Session) => void,
): LiveSessions {
  const shelf = createShelf(clock, { expire: (live) => end(live, 'session_expired'), onChange })

  function end(live: Live, ending: SessionEnding): void {
    if (!isOpen(live)) return
    live.ending = ending
    shelf.uncount(live)
    closeOrDestroy(live.connection, sessionEndings[ending])
  }

  return {
    get count() {
      return shelf.byId.size
    },
    openCount: shelf.openCount,
    countOf: (subject) => shelf.of(subject).size,
    oldest: (subject) => oldestOf(shelf.of(subject)),
    list: (subject) => Array.from(shelf.listed(subject)).filter(isOpen).map(seen),
    find: (id) => oldestOf(shelf.named(id)),
    add: (session, connection, endsAt) => hooks.started(shelf.add({ session, connection, endsAt, ending: null })),
    move: (id, endsAt) => shelf.named(id).map((live) => shelf.move(live, endsAt))[0] ?? null,
    end(id, ending) {
      for (const live of shelf.named(id)) end(live, ending)
    },
    remove(id, why) {
      for (const live of shelf.named(id)) {
        live.ending ??= why
        shelf.remove(live)
        hooks.ended(live.session, live.ending)
      }
    },
    destroyAll() {
      for (const { connection } of shelf.byId.values()) destroy(connection)
    },
  }
}

/** An adapter that breaks its contract keeps no other session open. */
function closeOrDestroy(connection: SessionConnection, closing: SessionEndingRow): void {
  try {
    connection.close(closing)
  } catch {
    destroy(connection)
  }
}

function destroy(connection: SessionConnection): void {
  try {
    connection.destroy()
  } catch {
    // There is nothing left that could be done to it.
  }
}

function oldestOf(lives: Iterable<Live>): LiveSession | null {
  for (const live of lives) if (isOpen(live)) return seen(live)
  return null
}

function seen({ session, endsAt }: Live): LiveSession {
  return { ...session, endsAt }
}
