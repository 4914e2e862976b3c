/**
 * Sessions: admitted WebSockets, from the upgrade to their close.
 * @module
 */
import type { Claims } from './claims.ts'
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import type { TicketId } from './ticket.ts'

/** One admitted WebSocket: who it is, as the application and its upstream see it. */
export interface Session {
  /** The id of the ticket that opened it. */
  readonly id: TicketId
  readonly subject: Subject
  readonly audience: string
  readonly claims: Claims
  /** The client's address at the handshake, in canonical form; null where it could not be told. */
  readonly clientAddress: string | null
  /** Origin of the handshake; null for a client that is not a browser. */
  readonly origin: string | null
  readonly admittedAt: EpochMs
  /** When the session is to end; null for no limit. The gateway sees to it; with the library, 0.1 leaves it to the application. */
  readonly expiresAt: EpochMs | null
}
