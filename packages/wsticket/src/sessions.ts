/**
 * The sessions of a process: how long they last, what ends them sooner, and what all nodes are told of them.
 * @module
 */
import type { Subject } from './credential.ts'
import { requireEntry } from './entry-text.ts'
import { nameFault } from './events.ts'
import { createExpectedSessions, type ExpectedSession } from './expected-sessions.ts'
import { createLiveSessions, type LiveSession, type LiveSessions } from './live-sessions.ts'
import { createRefusalNotes, type RefusalNotes } from './refusal-notes.ts'
import type { RefusalCode, SessionEnding } from './refusals.ts'
import { createRenewals, type Renewals, type SessionEnd } from './renewals.ts'
import type { Detach, Session, SessionConnection } from './session.ts'
import type { DirectoryEntry, DirectoryQuery } from './session-directory.ts'
import { type DrainOptions, drainSessions, readDrainOptions } from './session-drain.ts'
import { followSessionLog, type LogLoss } from './session-follower.ts'
import { createSessionHooks } from './session-hooks.ts'
import {
  appendQuietly,
  type Displacement,
  type Renewal,
  type Revocation,
  type SessionEntry,
  type SessionLog,
  type SessionSelector,
} from './session-log.ts'
import { createSessionPresence, type Room, type SessionPresence } from './session-presence.ts'
import { readSessionsOptions, type SessionRules, type SessionsOptions } from './sessions-options.ts'
import { createStandingRevocations, isOf, type RevocableTicket } from './standing-revocations.ts'
import type { TicketId } from './ticket.ts'

export type { ExpectedSession } from './expected-sessions.ts'
export type { LiveSession } from './live-sessions.ts'
export type { DrainOptions } from './session-drain.ts'
export type { SessionsOptions } from './sessions-options.ts'

/** The sessions of a process. */
export interface Sessions {
  /** Whether nobody is let in any more. */
  isDraining(): boolean
  /** How many are open here. */
  count(): number
  /** A handshake is being decided, which a drain waits for. Its `end` MUST be called. */
  expect(): ExpectedSession
  /** Null where it is known what is revoked; else resolves once it is, and rejects where the log cannot be read. */
  ready(): Promise<void> | null
  /** Why a ticket opens no session now; null where it does. */
  refusalOf(ticket: RevocableTicket): SessionRefusal | null
  /**
   * Takes care of a session from its 101 on; may close it at once, where it was revoked meanwhile. Returns what has to be called when
   * the connection is closed.
   */
  attach(session: Session, connection: SessionConnection): Detach
  /**
   * Before its 101: counts a session among those of all nodes, and ends those that have to yield to it. Null where there is no limit over all
   * nodes; else resolves with a refusal, or null for none, and rejects where the directory cannot tell. Where nobody waits for that any more,
   * as `isAwaited` says, it comes to nothing. By default somebody does.
   */
  enter(session: Session, isAwaited?: () => boolean): Promise<SessionRefusal | null> | null
  /** A session that has entered will not be attached, and counts no more. Nothing happens where it was. */
  abandon(session: Session): void
  /** Those that are open here, the oldest first; of a subject, where one is named. */
  list(subject?: Subject): readonly LiveSession[]
  /**
   * Those that are open at all nodes, in the order of their ids, a page: of a subject, where one is named; behind the entry `after`; `most` at
   * the most, 100 by default. There are no more where there are fewer. A session is listed within a second of its beginning and its end;
   * what a node has told that has died vanishes within half a minute.
   * @throws ConfigurationError where there is no `directory`, and for a query that is none, such as for a page of more than 1,000; StoreError where
   * it cannot tell.
   */
  listEverywhere(query?: Partial<DirectoryQuery>): Promise<readonly DirectoryEntry[]>
  /**
   * Voids tickets that were issued until now, and ends the sessions that they opened, on all nodes that follow the log. Resolves when it
   * is written.
   * @throws StoreError where it may not be written; ConfigurationError for a selector that is none.
   */
  revoke(selector: SessionSelector): Promise<void>
  /**
   * Lets the session of a subject go on until then, on whichever node it is. Resolves with when it ends now, or with `unknown` where no
   * node has answered in time that it has such a session of this subject.
   * @throws StoreError where the log cannot be written.
   */
  renew(renewal: Omit<Renewal, 'kind' | 'at'>): Promise<SessionEnd | 'unknown'>
  /** Tells all nodes why a handshake was refused whose ticket is spent. */
  noteRefusal(id: TicketId, code: RefusalCode): void
  /** Why the handshake of a ticket was refused, on whichever node; null where it was not. Rejects where the log cannot be read. */
  refusalNoted(id: TicketId): Promise<RefusalCode | null>
  /**
   * Lets nobody in any more, and closes the sessions that there are with 1012, spread over a window. Handshakes under way are refused, or
   * closed in the same way; who has yet to send a first message is closed at once. Resolves when all are closed, or have been cut at the
   * deadline, and the hooks that run for them are through.
   */
  drain(options?: DrainOptions): Promise<void>
  /** Stops to follow the log. Ends no session, and closes no log. */
  close(): void
}

/** Why there is no session. */
export type SessionRefusal = RefusalCode & ('ticket_revoked' | 'too_many_sessions' | 'draining')

/**
 * Creates the registry.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createSessions(options: SessionsOptions = {}): Sessions {
  const rules = readSessionsOptions(options)
  const { clock, log } = rules
  const hooks = createSessionHooks(rules)
  const expected = createExpectedSessions()
  const live = createLiveSessions(rules, hooks, (session) => presence.touch(session))
  const presence = createSessionPresence(live, rules)
  const door = createDoor(live, rules)
  const renewals = createRenewals(live, rules, hooks)
  const notes = createRefusalNotes(log, async () => follower?.catchUp())
  const told = { live, presence, door, renewals, notes }
  const apply = (entry: SessionEntry, isOld: boolean) => applyTo(told, entry, isOld)
  const onLost = (loss: LogLoss) => lose(told, loss, rules)
  const follower = log && followSessionLog({ ...rules, log, apply, onLost })

  return {
    isDraining: door.isClosed,
    count: () => live.count,
    expect: expected.expect,
    ready: () => (follower === null || follower.isCurrent ? null : follower.catchUp()),
    refusalOf: door.refusalOf,
    attach: (session, connection) => attachTo(told, session, connection),
    enter: (session, isAwaited) => presence.enter(session, isAwaited)?.then((room) => yieldTo(room, told, log)) ?? null,
    abandon: presence.abandon,
    list: (subject) => live.list(subject ?? null),
    listEverywhere: presence.list,
    revoke: async (selector) => revoke(door, rules, requireEntry({ kind: 'revocation', selector, at: clock() })),
    renew: async (renewal) => renewals.ask(requireEntry({ kind: 'renewal', ...renewal, at: clock() })),
    noteRefusal: notes.tell,
    refusalNoted: notes.ask,
    async drain(drainOptions = {}) {
      const plan = readDrainOptions(drainOptions)
      door.close()
      await drainSessions({ live, expected }, plan).then(hooks.settled).then(presence.settled)
    },
    close() {
      follower?.stop()
      presence.stop()
    },
  }
}

async function revoke(door: Door, { log, emit }: SessionRules, revocation: Revocation): Promise<void> {
  // Here in any case: where it cannot be written, whoever revokes has to try again.
  door.revoke(revocation)
  const { selector, at } = revocation
  try {
    await log?.append(revocation)
    emit({ type: 'revoked', at, selector, fault: null })
  } catch (error) {
    emit({ type: 'revoked', at, selector, fault: nameFault(error) })
    throw error
  }
}

/** What entries of the log are told to. */
interface Told {
  readonly live: LiveSessions
  readonly presence: SessionPresence
  readonly door: Door
  readonly renewals: Renewals
  readonly notes: RefusalNotes
}

function attachTo({ live, presence, door, renewals }: Told, session: Session, connection: SessionConnection): Detach {
  // What was refused since the ticket was redeemed ends now: two who come at once may both have found room.
  const ending = endingFor(presence.isDisplaced(session.id) ? 'too_many_sessions' : door.refusalOf(session))
  if (ending === null) door.makeRoom(session.subject)
  live.add(session, connection, renewals.endOf(session, session.expiresAt))
  if (ending !== null) live.end(session.id, ending)
  return (why = null) => live.remove(session.id, why)
}

/** What is old ends what it ended, and renews nothing: a session may have been renewed since. */
function applyTo(told: Told, entry: SessionEntry, isOld: boolean): void {
  const { door, renewals, notes } = told
  if (entry.kind === 'revocation') door.revoke(entry)
  else if (entry.kind === 'refused') notes.apply(entry)
  else if (entry.kind === 'displacement') displace(told, entry)
  else if (!isOld) renewals.apply(entry)
}

function displace({ live, presence }: Told, { id, subject }: Omit<Displacement, 'kind'>): void {
  if (live.find(id)?.subject === subject) live.end(id, 'too_many_sessions')
  // It may be about to begin.
  presence.displace(id)
}

/** Ends those that have to go for a session, wherever they are. */
function yieldTo(room: Room, told: Told, log: SessionLog | null): SessionRefusal | null {
  if (room.kind === 'full') return 'too_many_sessions'
  for (const { id, subject } of room.yielding) {
    const isElsewhere = told.live.find(id) === null
    displace(told, { id, subject })
    // Where the others do not hear of it, the next one who comes says it again.
    if (isElsewhere) void appendQuietly(log, { kind: 'displacement', id, subject })
  }
  return null
}

function endingFor(refusal: SessionRefusal | null): SessionEnding | null {
  return refusal === 'ticket_revoked' ? 'session_revoked' : refusal
}

function lose({ live, door }: Told, loss: LogLoss, { log, emit, clock, endsWithLog }: SessionRules): void {
  if (loss === 'gap') door.distrustTickets()
  emit({ type: 'session_log_lost', at: clock(), log: log?.name ?? '' })
  if (!endsWithLog) return
  for (const { id } of live.list(null)) live.end(id, 'log_lost')
}

/** Who may come in. */
interface Door {
  close(): void
  isClosed(): boolean
  refusalOf(ticket: RevocableTicket): SessionRefusal | null
  /** Ends the session that has to go for one more. */
  makeRoom(subject: Subject): void
  revoke(revocation: Revocation): void
  /** Voids the tickets that were issued until now, and ends no session: it is not known which of them were revoked. */
  distrustTickets(): void
}

/** Those that a selector may mean. */
function candidates(live: LiveSessions, selector: SessionSelector): readonly LiveSession[] {
  if (selector.kind === 'subject') return live.list(selector.subject)
  return selector.kind === 'session' ? [live.find(selector.id)].flatMap((one) => one ?? []) : live.list(null)
}

function createDoor(live: LiveSessions, { mostPerSubject, mostInAll, overflow, clock }: SessionRules): Door {
  const standing = createStandingRevocations(clock)
  let isClosed = false
  const isFull = () => live.count >= mostInAll
  const isCrowded = (subject: Subject) => live.countOf(subject) >= mostPerSubject
  return {
    close() {
      isClosed = true
    },
    isClosed: () => isClosed,
    refusalOf(ticket) {
      if (isClosed) return 'draining'
      if (standing.cover(ticket)) return 'ticket_revoked'
      // Nobody has to go for somebody else.
      if (isFull()) return 'too_many_sessions'
      return overflow === 'refuse_new' && isCrowded(ticket.subject) ? 'too_many_sessions' : null
    },
    makeRoom(subject) {
      if (overflow !== 'end_oldest' || !isCrowded(subject)) return
      const oldest = live.oldest(subject)
      if (oldest !== null) live.end(oldest.id, 'too_many_sessions')
    },
    revoke(revocation) {
      standing.add(revocation)
      for (const session of candidates(live, revocation.selector))
        if (isOf(revocation, session)) live.end(session.id, 'session_revoked')
    },
    distrustTickets: () => standing.add({ kind: 'revocation', selector: { kind: 'everything' }, at: clock() }),
  }
}
