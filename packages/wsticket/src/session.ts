/**
 * Sessions: admitted WebSockets and event streams, from the opening to their close.
 * @module
 */
import type { Claims } from './claims.ts'
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import type { SessionEnding, SessionEndingRow } from './refusals.ts'
import type { TicketId } from './ticket.ts'

/** One admitted WebSocket, or event stream: who it is, as the application and its upstream see it. */
export interface Session {
  /** The id of the ticket that opened it. */
  readonly id: TicketId
  readonly subject: Subject
  readonly audience: string
  readonly claims: Claims
  /** The client's address at the handshake, in canonical form; null where it could not be told. */
  readonly clientAddress: string | null
  /** Origin of the handshake; null for a client that is not a browser, and for an event stream of the same origin. */
  readonly origin: string | null
  /** When its ticket was issued, by the issuer's clock. */
  readonly issuedAt: EpochMs
  readonly admittedAt: EpochMs
  /** When the session ends unless it is renewed, as it stood when it was admitted; null for no limit. */
  readonly expiresAt: EpochMs | null
}

/** How a WebSocket is closed (RFC 6455 section 7.4). */
export interface Closing {
  readonly closeCode: number
  /** ASCII, at most 123 bytes. */
  readonly publicCode: string
}

/** Ends the care for a session: its connection is closed. Says why, where the adapter has closed it by itself. */
export type Detach = (ending?: SessionEnding | null) => void

/** The WebSocket, or event stream, of a session, as an adapter gives it. */
export interface SessionConnection {
  /**
   * Closes it with a close frame; an event stream with a last event, which says the `action`, too. MUST end the connection within some seconds, also where the peer says nothing. MUST NOT throw; called
   * once at the most.
   */
  close(closing: SessionEndingRow): void
  /** Ends the connection at once, with or without a close frame. MUST NOT throw. */
  destroy(): void
}
