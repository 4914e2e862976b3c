/**
 * The ticket, its id, and the record that stands for it in a store (protocol.md sections 1 and 2).
 * @module
 */
import type { Claims } from './claims.ts'
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import { sha256 } from './digest.ts'
import type { Lock } from './lock.ts'
import { type RandomSource, randomText, systemRandom } from './random.ts'
import { hasDigestForm, hasTicketForm, ticketPrefix } from './wire.ts'

declare const ticket: unique symbol
declare const ticketId: unique symbol

/** The bearer secret: `wst_` and 43 base64url characters. In memory and on the wire only: never stored, logged or thrown. */
export type Ticket = string & { readonly [ticket]: true }

/** SHA-256 of the ticket's text, 43 base64url characters. Names the ticket in stores, logs and events. Not a secret. */
export type TicketId = string & { readonly [ticketId]: true }

/** What a store keeps for a ticket. Everything but the ticket itself. */
export interface TicketRecord {
  readonly id: TicketId
  readonly subject: Subject
  /** The WebSocket service that the ticket is good for. */
  readonly audience: string
  readonly claims: Claims
  /** Who asked, in canonical form; null where it could not be told. */
  readonly clientAddress: string | null
  /** Origin of the request that asked, if it had one. */
  readonly origin: string | null
  /** What the key must hash to that is shown beside the ticket; null where the ticket is not locked. */
  readonly lock: Lock | null
  readonly issuedAt: EpochMs
  /** From this moment on the ticket is expired. Decides alone: an engine's own expiry is only garbage collection. */
  readonly expiresAt: EpochMs
  /** When the session that the ticket opens ends at the latest; null for no limit. */
  readonly sessionExpiresAt: EpochMs | null
}

/**
 * A new ticket of 256 random bits.
 * @throws ConfigurationError where the source gives another number of bytes.
 */
export function generateTicket(random: RandomSource = systemRandom): Ticket {
  return `${ticketPrefix}${randomText(random)}` as Ticket
}

/** The ticket that a text spells, or null where it spells none. Does no I/O and never throws. */
export function parseTicket(text: string): Ticket | null {
  return hasTicketForm(text) ? (text as Ticket) : null
}

/** The id of a ticket. */
export function idOfTicket(text: Ticket): TicketId {
  return sha256(text) as TicketId
}

/** The id that a text spells, or null where it spells none. */
export function parseTicketId(text: string): TicketId | null {
  return hasDigestForm(text) ? (text as TicketId) : null
}
