/**
 * The sessions of this process among those of all nodes, by the directory: whether there is room for one more, and who else is on.
 *
 * Each node puts a session into the directory first, and looks afterwards. Of any number who come at once the last one to look sees all the
 * others: there are never too many. Where none of them finds room for that, each tries again.
 * @module
 */
import type { Clock, EpochMs } from './clock.ts'
import { withinDeadline } from './deadline.ts'
import { ConfigurationError } from './errors.ts'
import type { LiveSessions } from './live-sessions.ts'
import { systemRandom } from './random.ts'
import type { Session } from './session.ts'
import { announceSessions, directoryDeadlineMs, type SessionAnnouncer } from './session-announcer.ts'
import type { DirectoryEntry, DirectoryQuery, SessionDirectory } from './session-directory.ts'
import { createSessionRoster, type SessionRoster } from './session-roster.ts'
import type { SessionRules } from './sessions-options.ts'
import { parseTicketId, type TicketId } from './ticket.ts'

/** What a session finds that is about to begin. */
export type Room =
  /** It is in the directory now. Those have to end for it, the oldest first. */
  { readonly kind: 'room'; readonly yielding: readonly DirectoryEntry[] } | { readonly kind: 'full' }

/** Whether anybody still waits for what comes of something. */
export type IsAwaited = () => boolean

/** The sessions of this process among those of all nodes. */
export interface SessionPresence {
  /** Something has become of a session: it has begun, has another end, or is over. */
  touch(session: Session): void
  /** Looks for room. Null where nobody has to: there is no limit over all nodes. Else rejects where the directory cannot tell. */
  enter(session: Session, isAwaited?: IsAwaited): Promise<Room> | null
  /** A session that found room will not begin: it counts no more. Nothing happens where it has begun. */
  abandon(session: Session): void
  /** A session that may be about to begin here has to end for another. */
  displace(id: TicketId): void
  /** Whether one that is about to begin has to end for another. To be asked before it begins. */
  isDisplaced(id: TicketId): boolean
  /**
   * A page of the sessions of all nodes.
   * @throws ConfigurationError for a query that is none; else rejects where the directory cannot tell
   */
  list(query?: Partial<DirectoryQuery>): Promise<readonly DirectoryEntry[]>
  /** Resolves when the directory has been told what has become of the sessions, or could not be, soon. */
  settled(): Promise<void>
  stop(): void
}

const pageSize = 500
const longestPage = 1000
const defaultPage = 100
const settleDeadlineMs = 1000
const attempts = 3
// Between two of them, at the most.
const pauseMs = 200
// Who has come no longer ago may be one of several for whom there is room for one.
const youthMs = 2000

/** Begins to tell the directory, where there is one. */
export function createSessionPresence(live: LiveSessions, given: SessionRules): SessionPresence {
  const { directory } = given
  if (directory === null) return presenceOfNobodyElse
  // A clock of one's own may have fractions, which an engine takes for no time.
  const clock = () => Math.floor(given.clock()) as EpochMs
  const rules = { ...given, clock }
  const roster = createSessionRoster(live)
  const announcer = announceSessions(directory, roster, rules)
  return {
    touch: roster.touch,
    enter: isUnlimited(rules)
      ? () => null
      : (session, isAwaited = () => true) => enter({ directory, roster, announcer, rules }, session, isAwaited),
    abandon: roster.giveUp,
    displace: roster.displace,
    isDisplaced: roster.isDisplaced,
    list: async (query = {}) => ask(directory.list(requireQuery(query), clock())),
    settled: () => withinDeadline(announcer.told(), settleDeadlineMs).catch(() => {}),
    stop: announcer.stop,
  }
}

const presenceOfNobodyElse: SessionPresence = {
  touch() {},
  enter: () => null,
  abandon() {},
  displace() {},
  isDisplaced: () => false,
  async list() {
    throw new ConfigurationError('directory', 'is none: who is on at other nodes is not known')
  },
  async settled() {},
  stop() {},
}

function ask<Answer>(question: Promise<Answer>): Promise<Answer> {
  return withinDeadline(question, directoryDeadlineMs)
}

function requireQuery({ subject, after, most = defaultPage }: Partial<DirectoryQuery>): DirectoryQuery {
  if (!Number.isInteger(most) || most < 1 || most > longestPage)
    throw new ConfigurationError('most', `must be a whole number from 1 to ${longestPage}`)
  if (typeof (subject ?? '') !== 'string') throw new ConfigurationError('subject', 'must be a subject, or null')
  if (after != null && parseTicketId(String(after)) === null)
    throw new ConfigurationError('after', 'must be the id of the last entry of a page, or null')
  return { subject: subject ?? null, after: after ?? null, most }
}

function isUnlimited({ mostPerSubject, mostInAll }: SessionRules): boolean {
  return mostPerSubject === Number.POSITIVE_INFINITY && mostInAll === Number.POSITIVE_INFINITY
}

/** Where a node puts its sessions, and how. */
interface Told {
  readonly directory: SessionDirectory
  readonly roster: SessionRoster
  readonly announcer: SessionAnnouncer
  readonly rules: SessionRules
}

async function enter(told: Told, session: Session, isAwaited: IsAwaited): Promise<Room> {
  for (let attempt = 1; ; attempt += 1) {
    const room = await attemptToEnter(told, session, isAwaited)
    if (room.kind !== 'crowded') return room
    if (attempt === attempts || !isAwaited()) return { kind: 'full' }
    // The others are to see that it has gone, and not to come back at the same time.
    await told.announcer.told()
    await aMoment()
  }
}

/** `crowded`: there may be room once those have sorted themselves out who have just come. */
type Look = Room | { readonly kind: 'crowded' }

async function attemptToEnter(told: Told, session: Session, isAwaited: IsAwaited): Promise<Look> {
  const { directory, roster, announcer, rules } = told
  if (!isAwaited()) return { kind: 'full' }
  roster.expect(session)
  try {
    await announcer.told()
    const look = await lookAround(directory, session, rules)
    if (look.kind === 'room' && isAwaited()) return look
    roster.giveUp(session)
    return look.kind === 'room' ? { kind: 'full' } : look
  } catch (error) {
    roster.giveUp(session)
    throw error
  }
}

async function lookAround(directory: SessionDirectory, session: Session, rules: SessionRules): Promise<Look> {
  const { mostPerSubject, mostInAll, overflow, clock } = rules
  if (mostInAll !== Number.POSITIVE_INFINITY && (await ask(directory.count(clock()))) > mostInAll)
    return { kind: 'full' }
  if (mostPerSubject === Number.POSITIVE_INFINITY) return { kind: 'room', yielding: [] }
  const others = await othersOf(directory, session, clock)
  const surplus = Math.max(0, others.length + 1 - mostPerSubject)
  if (surplus === 0) return { kind: 'room', yielding: [] }
  if (overflow === 'end_oldest') return yieldOf(others, session, surplus)
  const settled = others.filter(({ since }) => since <= session.admittedAt - youthMs)
  return { kind: settled.length < mostPerSubject ? 'crowded' : 'full' }
}

/** All nodes take the same ones for the oldest: of two who have come at once one yields, and not each to the other. */
function yieldOf(others: readonly DirectoryEntry[], session: Session, surplus: number): Room {
  const self = { id: session.id, since: Math.floor(session.admittedAt) }
  const oldest = [...others, self].sort(bySince).slice(0, surplus)
  if (oldest.includes(self)) return { kind: 'full' }
  return { kind: 'room', yielding: others.filter((entry) => oldest.includes(entry)) }
}

/** Each once, whatever the directory says. */
async function othersOf(directory: SessionDirectory, session: Session, clock: Clock): Promise<DirectoryEntry[]> {
  const { id, subject } = session
  const entries = new Map<TicketId, DirectoryEntry>()
  for (let after: TicketId | null = null; ; ) {
    const page: readonly DirectoryEntry[] = await ask(directory.list({ subject, after, most: pageSize }, clock()))
    for (const entry of page) if (entry.id !== id) entries.set(entry.id, entry)
    after = page.at(-1)?.id ?? null
    if (page.length < pageSize) return [...entries.values()]
  }
}

type Aged = { readonly id: TicketId; readonly since: number }

function bySince(one: Aged, other: Aged): number {
  return one.since - other.since || (one.id < other.id ? -1 : 1)
}

/** Up to so long. */
function aMoment(): Promise<void> {
  const [byte = 0] = systemRandom(new Uint8Array(1))
  return new Promise((resolve) => setTimeout(resolve, (pauseMs * byte) / 255))
}
