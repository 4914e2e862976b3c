/**
 * Port: where the records of tickets are kept, and the one place where a ticket is spent. Implementations stand in `stores/`
 * and pass the published suite `wsticket/testing/store-conformance`.
 * @module
 */
import type { EpochMs } from './clock.ts'
import type { TicketId, TicketRecord } from './ticket.ts'
import type { TicketQuota } from './ticket-quota.ts'

/** What came of presenting an id. Only `redeemed` admits. */
export type RedeemOutcome =
  | { readonly kind: 'redeemed'; readonly record: TicketRecord }
  | { readonly kind: 'spent' | 'expired' | 'revoked' | 'unknown' }

/** What a store knows of an id, without spending it. */
export type TicketState =
  | { readonly kind: 'pending' | 'redeemed' | 'expired' | 'revoked'; readonly record: TicketRecord }
  | { readonly kind: 'unknown' }

/** What a look at the engine shows. */
export interface StoreInspection {
  /** The engine and its version, in one line: `redis 7.0.15, standalone`. */
  readonly engine: string
  /** What single use means on this engine, set up as it is: one sentence. */
  readonly guarantee: string
  /** What weakens the guarantee here, or will keep tickets from being issued; each a sentence that says what to do. */
  readonly weaknesses: readonly string[]
  /** Whether the operator has accepted that a fault of the engine may admit a ticket twice. Default: false. */
  readonly mayAdmitTwice?: boolean
}

/**
 * A ticket store.
 *
 * It keeps records under their id and MUST NOT ever see a ticket. Every method MUST throw a `StoreError`, or reject with
 * one, where it cannot tell what happened: it MUST NOT answer `unknown` for a fault. It MUST return records as they were
 * inserted, member for member. It MUST keep two records apart whose ids differ in a single character.
 */
export interface TicketStore {
  /** Names the engine in events: `memory`, `redis`. */
  readonly name: string

  /** Counts the tickets of each subject that are outstanding. Absent where the store cannot: then nobody has too many. */
  readonly quota?: TicketQuota

  /**
   * Keeps a record until its natural expiry; an engine that removes records by its own clock MUST leave a margin of a minute or
   * more, for its clock is not the verifier's. MUST throw a `StoreError` with code `conflict` for an id that it already knows,
   * and `capacity` where it can take no more; it MUST NOT drop another record to make room. A record that has already expired
   * is accepted, and can never be redeemed.
   */
  insert(record: TicketRecord): Promise<void>

  /**
   * Spends a ticket. MUST be atomic over all handles and all processes that share the engine: of any number of calls, at any
   * time, at most one ever gets `redeemed`. MUST decide expiry by the record's own `expiresAt`: `now >= expiresAt` is
   * `expired`. A spent ticket stays `spent`, and a revoked one `revoked`, until the natural expiry of its record at least.
   */
  redeem(id: TicketId, now: EpochMs): Promise<RedeemOutcome>

  /** What is known of a ticket. MUST NOT change it, and can never admit. */
  read(id: TicketId, now: EpochMs): Promise<TicketState>

  /** Voids a ticket. True where it was pending and no longer is; false where there was nothing to void. */
  revoke(id: TicketId, now: EpochMs): Promise<boolean>

  /** Removes records past their natural expiry and says how many; 0 where the engine does so by itself. */
  sweep(now: EpochMs): Promise<number>

  /**
   * Looks whether the engine can keep what this port promises. MUST throw a `ConfigurationError`, with what to do, for an engine
   * on which a ticket could be redeemed twice and nobody has said that it may. Every other method refuses on such an engine.
   */
  inspect(): Promise<StoreInspection>

  /** Releases what the store opened, never a client that it was handed. Later calls of other methods throw `closed`. */
  close(): Promise<void>
}
