/**
 * What the directory has still to be told of the sessions of this process.
 * @module
 */
import type { EpochMs } from './clock.ts'
import type { LiveSession, LiveSessions } from './live-sessions.ts'
import type { Session } from './session.ts'
import { type DirectoryEntry, mostNews, type NodeNews } from './session-directory.ts'
import type { TicketId } from './ticket.ts'

/** What is told at once. */
export interface RosterNews extends Pick<NodeNews, 'gone'> {
  /** What it is about. */
  readonly sessions: readonly Session[]
  readonly present: readonly Omit<DirectoryEntry, 'node'>[]
}

/** Keeps in mind what has changed. */
export interface SessionRoster {
  /** How many sessions there are to tell of. */
  pending(): number
  /** How many sessions there are: those that are open, and those that are about to begin. */
  count(): number
  /** Something has become of a session: it has begun, has another end, or is over. */
  touch(session: Session): void
  /** Takes a session in that is about to begin, for half a minute. */
  expect(session: Session): void
  /** A session has to end for another, if it is about to begin. */
  displace(id: TicketId): void
  /** Whether one that is about to begin has to end for another. */
  isDisplaced(id: TicketId): boolean
  /** It will not begin. */
  giveUp(session: Session): void
  giveUpLate(): void
  /** Nothing is kept in mind any more, until everything is to be told. */
  forget(): void
  /** All there are have to be told of. */
  touchAll(): void
  /** Takes some of what is to be told, the oldest first. */
  take(): RosterNews
  /** They could not be told. */
  putBack(sessions: readonly Session[]): void
}

/** A session that is about to begin. */
interface Expected {
  readonly session: Session
  readonly since: number
  isDisplaced: boolean
}

const expectedMs = 30_000

/** Creates it: there is nothing to tell yet. */
export function createSessionRoster(live: LiveSessions): SessionRoster {
  const { change, ...changes } = createChanges()
  // In the order in which they came; by a clock that never goes back.
  const expected = new Map<TicketId, Expected>()
  const find = ({ id }: Session) => live.find(id) ?? expected.get(id)?.session

  function giveUp(session: Session): void {
    if (expected.delete(session.id)) change(session)
  }

  return {
    pending: changes.count,
    count: () => live.openCount() + expected.size,
    touch(session) {
      if (live.find(session.id) !== null) expected.delete(session.id)
      change(session)
    },
    expect(session) {
      expected.set(session.id, { session, since: performance.now(), isDisplaced: false })
      change(session)
    },
    displace(id) {
      const found = expected.get(id)
      if (found !== undefined) found.isDisplaced = true
    },
    isDisplaced: (id) => expected.get(id)?.isDisplaced === true,
    giveUp,
    giveUpLate() {
      for (const { session, since } of expected.values()) if (performance.now() - since > expectedMs) giveUp(session)
    },
    forget: changes.forget,
    touchAll: () => changes.replace([...live.list(null), ...Array.from(expected.values(), ({ session }) => session)]),
    take() {
      const sessions = changes.take()
      const present = sessions.flatMap((session) => find(session) ?? []).map(partsOf)
      return { sessions, present, gone: sessions.filter((session) => find(session) === undefined) }
    },
    putBack: (sessions) => sessions.forEach(change),
  }
}

/** Sessions that have changed, each once. */
function createChanges() {
  const changed = new Map<TicketId, Session>()
  let isForgotten = false
  return {
    count: () => changed.size,
    change(session: Session): void {
      if (!isForgotten) changed.set(session.id, session)
    },
    forget(): void {
      changed.clear()
      isForgotten = true
    },
    replace(sessions: readonly Session[]): void {
      changed.clear()
      for (const session of sessions) changed.set(session.id, session)
      isForgotten = false
    },
    take(): readonly Session[] {
      const some: Session[] = []
      for (const [id, session] of changed) {
        changed.delete(id)
        if (some.push(session) === mostNews) break
      }
      return some
    },
  }
}

function partsOf(session: Session | LiveSession): RosterNews['present'][number] {
  const { id, subject, audience, clientAddress, admittedAt, expiresAt } = session
  const until = 'endsAt' in session ? session.endsAt : expiresAt
  return { id, subject, audience, clientAddress, since: whole(admittedAt), until: until && whole(until) }
}

/** A clock of one's own may have fractions, and a session no end to speak of: an entry has neither. */
function whole(instant: EpochMs): EpochMs {
  return Math.min(Math.floor(instant), Number.MAX_SAFE_INTEGER) as EpochMs
}
