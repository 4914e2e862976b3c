/**
 * Port: the directory of who is on, over all nodes. Each node tells of its own sessions, and that it is still there; what a node that has
 * died has told of vanishes with it. Implementations stand in `session-directories/` and pass the published suite
 * `wsticket/testing/session-directory-conformance`.
 * @module
 */
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import type { TicketId } from './ticket.ts'

/** A session, as all nodes can see it. */
export interface DirectoryEntry {
  /** The id of the session, and of the ticket that opened it. */
  readonly id: TicketId
  /** The node that has its WebSocket: 1 to 64 letters, digits, `_` and `-`. */
  readonly node: string
  readonly subject: Subject
  readonly audience: string
  /** The client's address at the handshake, in canonical form; null where it could not be told. */
  readonly clientAddress: string | null
  /** When it was admitted, by the clock of its node. */
  readonly since: EpochMs
  /** When it ends unless it is renewed; null for no limit. */
  readonly until: EpochMs | null
}

/** What a node says of itself. */
export interface NodeNews {
  readonly node: string
  /** The `aliveUntil` of its last word, as far as it knows; null for the first. */
  readonly before: EpochMs | null
  /** Its sessions are listed and counted until then, unless it says more. */
  readonly aliveUntil: EpochMs
  /** How many sessions it has, with what follows. */
  readonly count: number
  /** Sessions of its own that are new, or changed. */
  readonly present: readonly DirectoryEntry[]
  /** Sessions of its own that are over. None of them is present as well. */
  readonly gone: readonly Pick<DirectoryEntry, 'id' | 'subject'>[]
}

/** What is asked for. */
export interface DirectoryQuery {
  /** Whose sessions; null for those of all. */
  readonly subject: Subject | null
  /** Where the last page ended: the id of its last entry; null for the first page. */
  readonly after: TicketId | null
  /** How many at the most. */
  readonly most: number
}

/** How many entries a node tells of at once, at the most. */
export const mostNews = 500

/**
 * A directory. Every method MUST throw a `StoreError`, or reject with one, where it cannot tell what happened. All handles on one engine,
 * in all processes, are one directory. `now` is the present by the clock of who asks: those of the nodes may differ by seconds.
 */
export interface SessionDirectory {
  /** Names the engine in events: `memory`, `sqlite`, `redis`, `postgres`, `nats`. */
  readonly name: string

  /**
   * Takes what a node says. Whoever asks after it has resolved MUST be told of it; where it rejects, some of it may have been taken, and
   * may be yet. MUST NOT remove entries of another node; one that is present takes the place of another's, unless that is alive for longer. Resolves with `in_step` only where
   * `before` is the `aliveUntil` that it had of the node until now, and that was not past; for null, where it had none. Else, `out_of_step`: words of this
   * node were lost, or have come late, and what there is of it may be wrong. The node goes on under another name then, and tells everything.
   */
  tell(news: NodeNews, now: EpochMs): Promise<'in_step' | 'out_of_step'>

  /** The sessions of the nodes that are alive, in the order of their ids. There are no more where there are fewer than `most`. */
  list(query: DirectoryQuery, now: EpochMs): Promise<readonly DirectoryEntry[]>

  /** How many sessions the nodes have that are alive, as each says of itself. */
  count(now: EpochMs): Promise<number>

  /** Releases what the directory opened, never a client that it was handed. Later calls of other methods throw `closed`. */
  close(): Promise<void>
}
