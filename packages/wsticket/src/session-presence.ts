/**
 * The sessions of this process among those of all nodes, by the directory: whether there is room for one more, and who else is on.
 *
 * Each node puts a session into the directory first, and looks afterwards. Of any number who come at once the last one to look sees all the
 * others: there are never too many, and it may be that none of them finds room.
 * @module
 */
import type { Clock } from './clock.ts'
import type { Subject } from './credential.ts'
import { ConfigurationError } from './errors.ts'
import type { LiveSessions } from './live-sessions.ts'
import type { Session } from './session.ts'
import { announceSessions, type SessionAnnouncer } from './session-announcer.ts'
import type { DirectoryEntry, DirectoryQuery, SessionDirectory } from './session-directory.ts'
import { createSessionRoster, type SessionRoster } from './session-roster.ts'
import type { SessionRules } from './sessions-options.ts'
import type { TicketId } from './ticket.ts'

/** What a session finds that is about to begin. */
export type Room =
  /** It is in the directory now. Those have to end for it, the oldest first. */
  { readonly kind: 'room'; readonly yielding: readonly DirectoryEntry[] } | { readonly kind: 'full' }

/** The sessions of this process among those of all nodes. */
export interface SessionPresence {
  /** Something has become of a session: it has begun, has another end, or is over. */
  touch(session: Session): void
  /** Looks for room. Null where nobody has to: there is no limit over all nodes. Else rejects where the directory cannot tell. */
  enter(session: Session): Promise<Room> | null
  /** A page of the sessions of all nodes. Rejects where the directory cannot tell. */
  list(query?: Partial<DirectoryQuery>): Promise<readonly DirectoryEntry[]>
  /** Resolves when the directory has been told what has become of the sessions, or could not be. */
  settled(): Promise<void>
  stop(): void
}

const pageSize = 500
const defaultPageSize = 100

/** Begins to tell the directory, where there is one. */
export function createSessionPresence(live: LiveSessions, rules: SessionRules): SessionPresence {
  const { directory, clock } = rules
  if (directory === null) return presenceOfNobodyElse
  const roster = createSessionRoster(live)
  const announcer = announceSessions(directory, roster, rules)
  return {
    touch: roster.touch,
    enter: isUnlimited(rules) ? () => null : (session) => enter({ directory, roster, announcer }, session, rules),
    list: (query) => directory.list({ subject: null, after: null, most: defaultPageSize, ...query }, clock()),
    settled: () => announcer.told().catch(() => {}),
    stop: announcer.stop,
  }
}

const presenceOfNobodyElse: SessionPresence = {
  touch() {},
  enter: () => null,
  async list() {
    throw new ConfigurationError('directory', 'is none: who is on at other nodes is not known')
  },
  async settled() {},
  stop() {},
}

function isUnlimited({ mostPerSubject, mostInAll }: SessionRules): boolean {
  return mostPerSubject === Number.POSITIVE_INFINITY && mostInAll === Number.POSITIVE_INFINITY
}

/** Where a node puts its sessions, and how. */
interface Told {
  readonly directory: SessionDirectory
  readonly roster: SessionRoster
  readonly announcer: SessionAnnouncer
}

async function enter(told: Told, session: Session, rules: SessionRules): Promise<Room> {
  const { directory, roster, announcer } = told
  roster.expect(session)
  try {
    await announcer.told()
    const room = await look(directory, session, rules)
    if (room.kind === 'full') roster.giveUp(session)
    return room
  } catch (error) {
    roster.giveUp(session)
    throw error
  }
}

async function look(directory: SessionDirectory, { id, subject }: Session, rules: SessionRules): Promise<Room> {
  const { mostPerSubject, mostInAll, overflow, clock } = rules
  if (mostInAll !== Number.POSITIVE_INFINITY && (await directory.count(clock())) > mostInAll) return { kind: 'full' }
  if (mostPerSubject === Number.POSITIVE_INFINITY) return { kind: 'room', yielding: [] }
  const others = (await everyEntryOf(directory, subject, clock)).filter((entry) => entry.id !== id)
  const surplus = Math.max(0, others.length - (mostPerSubject - 1))
  if (surplus > 0 && overflow === 'refuse_new') return { kind: 'full' }
  return { kind: 'room', yielding: others.sort(bySince).slice(0, surplus) }
}

async function everyEntryOf(directory: SessionDirectory, subject: Subject, clock: Clock): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = []
  for (let after: TicketId | null = null; ; after = entries.at(-1)?.id ?? null) {
    const page: readonly DirectoryEntry[] = await directory.list({ subject, after, most: pageSize }, clock())
    entries.push(...page)
    if (page.length < pageSize) return entries
  }
}

/** Of two that have come in the same moment all nodes take the same one for older. */
function bySince(one: DirectoryEntry, other: DirectoryEntry): number {
  return one.since - other.since || (one.id < other.id ? -1 : 1)
}
