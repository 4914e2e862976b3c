/**
 * What the directory has still to be told of the sessions of this process.
 * @module
 */
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
  readonly pending: number
  /** How many sessions there are: those that are open, and those that are about to begin. */
  count(): number
  /** Something has become of a session: it has begun, has another end, or is over. */
  touch(session: Session): void
  /** Takes a session in that is about to begin, for half a minute. */
  expect(session: Session): void
  /** It will not begin. */
  giveUp(session: Session): void
  giveUpLate(): void
  /** All there are have to be told of, with what is over, or without it. */
  touchAll(over: 'with_what_is_over' | 'without'): void
  /** Takes some of what is to be told, the oldest first. */
  take(): RosterNews
  /** They could not be told. */
  putBack(sessions: readonly Session[]): void
}

const expectedMs = 30_000

/** Creates it: there is nothing to tell yet. */
export function createSessionRoster(live: LiveSessions): SessionRoster {
  const changed = new Map<TicketId, Session>()
  // In the order in which they came; by a clock that never goes back.
  const expected = new Map<TicketId, { readonly session: Session; readonly since: number }>()
  const find = ({ id }: Session) => live.find(id) ?? expected.get(id)?.session
  const change = (session: Session) => void changed.set(session.id, session)

  function giveUp(session: Session): void {
    expected.delete(session.id)
    change(session)
  }

  return {
    get pending() {
      return changed.size
    },
    count: () => live.openCount() + expected.size,
    touch(session) {
      if (live.find(session.id) !== null) expected.delete(session.id)
      change(session)
    },
    expect(session) {
      expected.set(session.id, { session, since: performance.now() })
      change(session)
    },
    giveUp,
    giveUpLate() {
      for (const { session, since } of expected.values()) if (performance.now() - since > expectedMs) giveUp(session)
    },
    touchAll(over) {
      if (over === 'without') changed.clear()
      live.list(null).forEach(change)
      for (const { session } of expected.values()) change(session)
    },
    take() {
      const sessions = takeSome(changed)
      const present = sessions.flatMap((session) => find(session) ?? []).map(partsOf)
      return { sessions, present, gone: sessions.filter((session) => find(session) === undefined) }
    },
    putBack: (sessions) => sessions.forEach(change),
  }
}

function takeSome(changed: Map<TicketId, Session>): readonly Session[] {
  const some = Array.from(changed.values()).slice(0, mostNews)
  for (const { id } of some) changed.delete(id)
  return some
}

function partsOf(session: Session | LiveSession): RosterNews['present'][number] {
  const { id, subject, audience, clientAddress, admittedAt, expiresAt } = session
  const until = 'endsAt' in session ? session.endsAt : expiresAt
  return { id, subject, audience, clientAddress, since: admittedAt, until }
}
