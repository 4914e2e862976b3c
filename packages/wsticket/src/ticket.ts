/**
 * The ticket, its id, and the record that stands for it in a store (protocol.md sections 1 and 2).
 * @module
 */
import { base64url } from 'jose'
import type { Claims } from './claims.ts'
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import { sha256 } from './digest.ts'
import { ConfigurationError } from './errors.ts'
import { hasTicketForm, ticketPrefix } from './wire.ts'

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
  readonly issuedAt: EpochMs
  /** From this moment on the ticket is expired. Decides alone: an engine's own expiry is only garbage collection. */
  readonly expiresAt: EpochMs
  /** When the session that the ticket opens ends at the latest; null for no limit. */
  readonly sessionExpiresAt: EpochMs | null
}

/** Fills the array with random bytes from a CSPRNG, and returns it. */
export type RandomSource = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array

/** Where random bytes come from unless told otherwise: the runtime's CSPRNG. */
export const systemRandom: RandomSource = (bytes) => crypto.getRandomValues(bytes)

const ticketBytes = 32

// 43 characters, canonical, as in wire.ts.
const idForm = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/**
 * A new ticket of 256 random bits.
 * @throws ConfigurationError where the source gives another number of bytes.
 */
export function generateTicket(random: RandomSource = systemRandom): Ticket {
  const bytes = random(new Uint8Array(ticketBytes))
  if (bytes.length !== ticketBytes)
    throw new ConfigurationError('random', `must return the ${ticketBytes} bytes it is given`)
  return `${ticketPrefix}${base64url.encode(bytes)}` as Ticket
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
  return idForm.test(text) ? (text as TicketId) : null
}
