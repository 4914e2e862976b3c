/**
 * What the directory has still to be told of the sessions of this process.
 * @module
 */
import type { LiveSession, LiveSessions } from './live-sessions.ts'
import type { Session } from './session.ts'
import { type DirectoryEntry, mostNews } from './session-directory.ts'
import type { TicketId } from './ticket.ts'

/** What is told at once. */
export interface RosterNews {
  /** What it is about. */
  readonly ids: readonly TicketId[]
  readonly present: readonly Omit<DirectoryEntry, 'node'>[]
  readonly gone: readonly TicketId[]
}

/** Keeps in mind what has changed. */
export interface SessionRoster {
  /** How many sessions there are to tell of. */
  readonly pending: number
  /** How many sessions there are: those that are open, and those that are about to begin. */
  count(): number
  /** Something has become of a session: it has begun, has another end, or is over. */
  touch(id: TicketId): void
  /** Takes a session in that is about to begin, for half a minute. */
  expect(session: Session): void
  /** It will not begin. */
  giveUp(id: TicketId): void
  giveUpLate(): void
  /** All there are have to be told of, with what is over, or without it. */
  touchAll(over: 'with_what_is_over' | 'without'): void
  /** Takes some of what is to be told, the oldest first. */
  take(): RosterNews
  /** They could not be told. */
  putBack(ids: readonly TicketId[]): void
}

const expectedMs = 30_000

/** Creates it: there is nothing to tell yet. */
export function createSessionRoster(live: LiveSessions): SessionRoster {
  const changed = new Set<TicketId>()
  // In the order in which they came; by a clock that never goes back.
  const expected = new Map<TicketId, { readonly session: Session; readonly since: number }>()
  const find = (id: TicketId) => live.find(id) ?? expected.get(id)?.session

  function giveUp(id: TicketId): void {
    expected.delete(id)
    changed.add(id)
  }

  return {
    get pending() {
      return changed.size
    },
    count: () => live.openCount() + expected.size,
    touch(id) {
      if (live.find(id) !== null) expected.delete(id)
      changed.add(id)
    },
    expect(session) {
      expected.set(session.id, { session, since: performance.now() })
      changed.add(session.id)
    },
    giveUp,
    giveUpLate() {
      for (const [id, { since }] of expected) if (performance.now() - since > expectedMs) giveUp(id)
    },
    touchAll(over) {
      if (over === 'without') changed.clear()
      for (const { id } of [...live.list(null), ...Array.from(expected.values(), ({ session }) => session)])
        changed.add(id)
    },
    take() {
      const ids = takeSome(changed)
      const found = ids.map(find)
      const present = found.flatMap((session) => (session === undefined ? [] : partsOf(session)))
      return { ids, present, gone: ids.filter((_, at) => found[at] === undefined) }
    },
    putBack: (ids) => addAll(changed, ids),
  }
}

function takeSome(ids: Set<TicketId>): readonly TicketId[] {
  const some = Array.from(ids).slice(0, mostNews)
  for (const id of some) ids.delete(id)
  return some
}

function addAll(ids: Set<TicketId>, others: Iterable<TicketId>): void {
  for (const id of others) ids.add(id)
}

function partsOf(session: Session | LiveSession): RosterNews['present'][number] {
  const { id, subject, audience, clientAddress, admittedAt, expiresAt } = session
  const until = 'endsAt' in session ? session.endsAt : expiresAt
  return { id, subject, audience, clientAddress, since: admittedAt, until }
}
