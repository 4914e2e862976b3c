/**
 * Port: the log that tells every node what becomes of sessions. Durable and ordered: a node that was away reads what it missed.
 * Implementations stand in `session-logs/` and pass the published suite `wsticket/testing/session-log-conformance`.
 * @module
 */
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import type { RefusalCode } from './refusals.ts'
import type { TicketId } from './ticket.ts'

/**
 * Whose tickets and sessions. `session`: one ticket, or the session that it opened; both have its id. With a subject: only if it is this
 * subject's.
 */
export type SessionSelector =
  | { readonly kind: 'subject'; readonly subject: Subject }
  | { readonly kind: 'session'; readonly id: TicketId; readonly subject: Subject | null }
  | { readonly kind: 'audience'; readonly audience: string }
  | { readonly kind: 'everything' }

/** Voids the tickets that were issued up to an instant, and ends the sessions that they opened. */
export interface Revocation {
  readonly kind: 'revocation'
  readonly selector: SessionSelector
  /** By the clock of who revokes. */
  readonly at: EpochMs
}

/** Asks the node that has a session to let it go on, if it is this subject's. */
export interface Renewal {
  readonly kind: 'renewal'
  readonly id: TicketId
  readonly subject: Subject
  /** When the session ends from now on; null for no limit. */
  readonly expiresAt: EpochMs | null
  /** By the clock of who asks. */
  readonly at: EpochMs
}

/** Says that a session goes on: the answer to a {@link Renewal}. */
export interface Renewed {
  readonly kind: 'renewed'
  readonly id: TicketId
  readonly subject: Subject
  /** When it ends now: sooner than was asked for where the node allows no more. */
  readonly expiresAt: EpochMs | null
}

/** Says why a handshake was refused whose ticket is spent: whoever asked for the ticket may ask. */
export interface RefusedTicket {
  readonly kind: 'refused'
  readonly id: TicketId
  readonly code: RefusalCode
}

/** Ends a session, on whichever node it is, for another of its subject that has come: there may not be so many. */
export interface Displacement {
  readonly kind: 'displacement'
  readonly id: TicketId
  readonly subject: Subject
}

/** What the log is made of. */
export type SessionEntry = Revocation | Renewal | Renewed | RefusedTicket | Displacement

declare const logPosition: unique symbol

/** Names one entry in the life of one log. */
export type LogPosition = string & { readonly [logPosition]: true }

/** An entry, and its place. */
export interface LoggedEntry {
  readonly position: LogPosition
  readonly entry: SessionEntry
}

/** Appends what nobody waits for: where it fails, it is as if it had not been said. */
export async function appendQuietly(log: SessionLog | null, entry: SessionEntry): Promise<void> {
  try {
    await log?.append(entry)
  } catch {}
}

/** How long an entry is kept at least, in milliseconds: a node that is away for longer has lost the log. */
export const entryAgeMs = 86_400_000

/**
 * A log. Every method MUST throw a `StoreError`, or reject with one, where it cannot tell what happened. All handles on one engine, in all
 * processes, are one log, and read the same entries in the same order.
 */
export interface SessionLog {
  /** Names the engine in events: `memory`, `sqlite`, `redis`, `postgres`, `nats`. */
  readonly name: string

  /**
   * Writes an entry behind all others, durably as far as the engine goes. Whoever reads behind its position later MUST NOT find an entry
   * there that was written before. MUST NOT write it twice; where it rejects, it may have been written.
   */
  append(entry: SessionEntry): Promise<LogPosition>

  /**
   * The entries behind a position, oldest first, `most` at the most; for null from the oldest that is kept. MUST NOT leave one out; there
   * may be more though there are fewer than `most`, and there are none where there is nothing more.
   * `lost` where the log does not have the entry at that position any more: it was away for too long, or the engine has lost what it
   * had. An entry MUST be kept until the one behind it is `entryAgeMs` old.
   */
  readAfter(position: LogPosition | null, most: number): Promise<readonly LoggedEntry[] | 'lost'>

  /** Releases what the log opened, never a client that it was handed. Later calls of other methods throw `closed`. */
  close(): Promise<void>
}
