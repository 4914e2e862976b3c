/**
 * The sessions that are open in this process, by id and by subject, each with its connection.
 * @module
 */
import type { Clock, EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import { type SessionEnding, sessionEndings } from './refusals.ts'
import type { Closing, Session, SessionConnection } from './session.ts'
import { createSessionDeadlines } from './session-deadlines.ts'
import type { SessionHooks } from './session-hooks.ts'
import type { SessionRules } from './sessions-options.ts'
import type { TicketId } from './ticket.ts'

/** A session that is open. */
export interface LiveSession extends Session {
  /** When it ends unless it is renewed; null for no limit. */
  readonly endsAt: EpochMs | null
}

interface Live {
  readonly session: Session
  readonly connection: SessionConnection
  endsAt: EpochMs | null
  ending: SessionEnding | null
}

/** The sessions that are open. One that is closing already is neither found, listed nor counted for its subject. */
export interface LiveSessions {
  /** Those that are closing included. */
  readonly count: number
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

/** Creates the collection: empty. */
export function createLiveSessions({ clock }: Pick<SessionRules, 'clock'>, hooks: SessionHooks): LiveSessions {
  const shelf = createShelf(clock, (live) => end(live, 'session_expired'))

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
    countOf: (subject) => shelf.of(subject).size,
    oldest: (subject) => oldestOf(shelf.of(subject)),
    list: (subject) => Array.from(shelf.listed(subject)).filter(isOpen).map(seen),
    find: (id) => oldestOf(shelf.named(id)),
    add: (session, connection, endsAt) => hooks.started(shelf.add({ session, connection, endsAt, ending: null })),
    move(id, endsAt) {
      const [live] = shelf.named(id)
      if (live === undefined) return null
      shelf.move(live, endsAt)
      return live.session
    },
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
function closeOrDestroy(connection: SessionConnection, closing: Closing): void {
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

const nobody: ReadonlySet<Live> = new Set()

/** Sessions by id, and those that are open by subject and by their end. */
function createShelf(clock: Clock, expire: (live: Live) => void) {
  const byId = new Map<TicketId, Live>()
  const bySubject = new Map<Subject, Set<Live>>()
  const deadlines = createSessionDeadlines(clock, expire)
  const of = (subject: Subject): ReadonlySet<Live> => bySubject.get(subject) ?? nobody

  function uncount(live: Live): void {
    const { subject } = live.session
    const others = bySubject.get(subject)
    others?.delete(live)
    if (others?.size === 0) bySubject.delete(subject)
    deadlines.forget(live)
  }

  return {
    byId,
    of,
    uncount,
    /** One, or none. */
    named: (id: TicketId): readonly Live[] => [byId.get(id)].flatMap((live) => live ?? []),
    listed: (subject: Subject | null): Iterable<Live> => (subject === null ? byId.values() : of(subject)),
    add(live: Live): Session {
      const { session } = live
      const { id, subject } = session
      byId.set(id, live)
      const others = bySubject.get(subject)
      if (others === undefined) bySubject.set(subject, new Set([live]))
      else others.add(live)
      deadlines.watch(live)
      return session
    },
    move(live: Live, endsAt: EpochMs | null): void {
      live.endsAt = endsAt
      if (isOpen(live)) deadlines.watch(live)
    },
    remove(live: Live): void {
      byId.delete(live.session.id)
      uncount(live)
    },
  }
}

function oldestOf(lives: Iterable<Live>): LiveSession | null {
  for (const live of lives) if (isOpen(live)) return seen(live)
  return null
}

function isOpen({ ending }: Live): boolean {
  return ending === null
}

function seen({ session, endsAt }: Live): LiveSession {
  return { ...session, endsAt }
}
