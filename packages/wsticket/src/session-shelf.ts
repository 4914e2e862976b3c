/**
 * Where the sessions of a process are kept: by id, by subject and by their end.
 * @module
 */
import type { Clock, EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import type { SessionEnding } from './refusals.ts'
import type { Session, SessionConnection } from './session.ts'
import { createSessionDeadlines } from './session-deadlines.ts'
import type { TicketId } from './ticket.ts'

/** A session, its connection, and how it stands. */
export interface Live {
  readonly session: Session
  readonly connection: SessionConnection
  endsAt: EpochMs | null
  /** Null while it is open. */
  ending: SessionEnding | null
}

/** Whether it is not closing yet. */
export function isOpen({ ending }: Live): boolean {
  return ending === null
}

/** What a shelf tells of. */
interface ShelfEvents {
  /** Its end has come. */
  expire(live: Live): void
  /** It has begun, has another end, or is open no more. */
  onChange(session: Session): void
}

/** Sessions by id, and those that are open by subject and by their end. */
export interface Shelf {
  readonly byId: ReadonlyMap<TicketId, Live>
  openCount(): number
  /** Those of a subject that are open. */
  of(subject: Subject): ReadonlySet<Live>
  /** One, or none. */
  named(id: TicketId): readonly Live[]
  /** Those of a subject that are open; all for null. */
  listed(subject: Subject | null): Iterable<Live>
  add(live: Live): Session
  move(live: Live, endsAt: EpochMs | null): Session
  /** It is open no more, and on the shelf still. */
  uncount(live: Live): void
  remove(live: Live): void
}

const nobody: ReadonlySet<Live> = new Set()

/** Creates a shelf: empty. */
export function createShelf(clock: Clock, { expire, onChange }: ShelfEvents): Shelf {
  const byId = new Map<TicketId, Live>()
  let openCount = 0
  const bySubject = createBySubject()
  const deadlines = createSessionDeadlines(clock, expire)

  /** It begins, or has another end. */
  function begin(live: Live): void {
    deadlines.watch(live)
    onChange(live.session)
  }

  function uncount(live: Live): void {
    if (!bySubject.remove(live)) return
    openCount -= 1
    deadlines.forget(live)
    onChange(live.session)
  }

  return {
    byId,
    openCount: () => openCount,
    of: bySubject.of,
    uncount,
    named: (id) => [byId.get(id)].flatMap((live) => live ?? []),
    listed: (subject) => (subject === null ? byId.values() : bySubject.of(subject)),
    add(live) {
      byId.set(live.session.id, live)
      bySubject.add(live)
      openCount += 1
      begin(live)
      return live.session
    },
    move(live, endsAt) {
      live.endsAt = endsAt
      if (isOpen(live)) begin(live)
      return live.session
    },
    remove(live) {
      byId.delete(live.session.id)
      uncount(live)
    },
  }
}

/** Those of each subject, in the order in which they came. */
function createBySubject() {
  const bySubject = new Map<Subject, Set<Live>>()
  return {
    of: (subject: Subject): ReadonlySet<Live> => bySubject.get(subject) ?? nobody,
    add(live: Live): void {
      const { subject } = live.session
      const others = bySubject.get(subject)?.add(live)
      if (others === undefined) bySubject.set(subject, new Set([live]))
    },
    /** Whether it was there. */
    remove(live: Live): boolean {
      const { subject } = live.session
      const others = bySubject.get(subject)
      const wasThere = others?.delete(live) === true
      if (others?.size === 0) bySubject.delete(subject)
      return wasThere
    },
  }
}
