/**
 * What the store suite needs to know of an engine: how a store is opened on it, and what can be done to it.
 * @module
 */
import { noClaims } from '../claims.ts'
import type { EpochMs } from '../clock.ts'
import type { Subject } from '../credential.ts'
import { generateTicket, idOfTicket, type TicketId, type TicketRecord } from '../ticket.ts'
import type { TicketStore } from '../ticket-store.ts'
import { type ConformanceCase, ConformanceFailure } from './conformance-case.ts'
import type { MovableClock } from './movable-clock.ts'

/** Takes an engine away from its stores, and brings it back. */
export interface Outage {
  /** Resolves when no store can reach the engine: by ending its process, or cutting the line. */
  readonly begin: () => Promise<void>
  /** Resolves when the stores that were open can reach the engine again, with what it kept. */
  readonly end: () => Promise<void>
}

/** What not every engine, and not every harness, can do. */
export interface StoreCapabilities {
  /** Everything that the engine holds of the namespace, keys and values, as text that shows a string as it is. */
  readonly dump: () => Promise<string>
  /**
   * How many records of the namespace, tombstones included, the engine will still hold at an instant if nobody sweeps until
   * then. Where an engine expires by itself: the number of keys whose expiry is later, or that have none.
   */
  readonly size: (at: EpochMs) => Promise<number>
  /** Opens a store on another namespace (prefix, table, bucket) of the same engine. The name may be any text. */
  readonly namespaces: (name: string) => Promise<TicketStore>
  /** Opens a store, on an empty namespace, that takes so many records and no more. */
  readonly capacity: (records: number) => Promise<TicketStore>
  /** Whether the client that `open` handed to its store still works. */
  readonly handedInClient: () => Promise<boolean>
  readonly outage: Outage
}

/**
 * An engine, ready for one case. Every case is run on a harness of its own, whose namespace is empty.
 *
 * The suite passes `clock.now()` wherever a store takes the time, and moves the clock instead of waiting. The clock MUST start
 * at the time that the engine has, MUST be handed to stores that take one, and need not be obeyed by the engine itself. An
 * engine that removes records by its own clock MUST leave a margin after their expiry: for the suite, a minute.
 */
export interface StoreHarness {
  readonly clock: MovableClock
  /** Opens a store. The first call of every case. */
  readonly open: () => Promise<TicketStore>
  /** Opens another handle on the same namespace, over a connection of its own. In one process's memory: the same store. */
  readonly openSecond: () => Promise<TicketStore>
  /** What the harness can do, and why it cannot do the rest. */
  readonly capabilities: { readonly [name in keyof StoreCapabilities]: StoreCapabilities[name] | Lacking }
  /** Closes every store that was opened, and removes what is left in the engine. Also after a case that failed. */
  readonly dispose: () => Promise<void>
}

/** What a harness declares in place of a capability that it does not have. */
export interface Lacking {
  /** Why: shown wherever a case is skipped. */
  readonly lacks: string
}

/** A case of the store suite. */
export type StoreCase = ConformanceCase<StoreHarness, keyof StoreCapabilities>

/** Why a harness cannot run a case; null where it can. */
export function reasonToSkip({ needs = [] }: StoreCase, { capabilities }: StoreHarness): string | null {
  for (const need of needs) {
    const capability = capabilities[need]
    if ('lacks' in capability) return `needs ${need}: ${capability.lacks}`
  }
  return null
}

/**
 * A capability that a case needs.
 * @throws ConformanceFailure where the harness lacks it: the case should have been skipped.
 */
export function having<Capability extends object>(capability: Capability | Lacking): Capability {
  if ('lacks' in capability) throw new ConformanceFailure(`the harness lacks what the case needs: ${capability.lacks}`)
  return capability
}

/** An id that no other record has. */
export function newId(): TicketId {
  return idOfTicket(generateTicket())
}

/** How long a sample record is good, in milliseconds. */
export const sampleLifetimeMs = 60_000

/** A record like the issuer's, issued at an instant, with other members where they are given. */
export function sampleRecord(issuedAt: EpochMs, members: Partial<TicketRecord> = {}): TicketRecord {
  return {
    id: newId(),
    subject: 'https://issuer.example#248289761001' as Subject,
    audience: 'chat',
    claims: noClaims,
    clientAddress: '192.0.2.7',
    origin: 'https://app.example',
    lock: null,
    issuedAt,
    expiresAt: later(issuedAt, sampleLifetimeMs),
    sessionExpiresAt: later(issuedAt, 3_600_000),
    ...members,
  }
}

/** The instant so many milliseconds later; earlier where they are negative. */
export function later(instant: EpochMs, durationMs: number): EpochMs {
  return (instant + durationMs) as EpochMs
}
