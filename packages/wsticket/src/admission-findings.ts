/**
 * What is found out about a handshake while it is decided, and what the audit hears of it.
 * @module
 */
import type { CarrierName } from './carrier.ts'
import type { Attempt } from './check.ts'
import type { EpochMs } from './clock.ts'
import type { Subject } from './credential.ts'
import type { AuditEvent } from './events.ts'
import type { PendingHandshake } from './pending-handshakes.ts'
import type { RefusalCode } from './refusals.ts'
import type { Session } from './session.ts'
import type { TicketId } from './ticket.ts'

/** What is known so far, for the audit. */
export interface Findings {
  /** Null where there are too many handshakes. */
  readonly pending: PendingHandshake | null
  attempt: Attempt | null
  ticketId: TicketId | null
  subject: Subject | null
  addressMatches: boolean | null
  fault: string | null
  /** Whether it is too late for a decision. */
  isOver: boolean
}

/** At the beginning. */
export function nothingFound(pending: PendingHandshake | null): Findings {
  return { pending, attempt: null, ticketId: null, subject: null, addressMatches: null, fault: null, isOver: false }
}

/** The event of a handshake that is admitted. */
export function admittedEvent(session: Session, { attempt, addressMatches }: Findings): AuditEvent {
  const { id: ticketId, admittedAt: at, subject, audience, clientAddress, origin } = session
  const carrier = attempt?.carrier as CarrierName
  return { type: 'admitted', at, ticketId, subject, audience, carrier, clientAddress, origin, addressMatches }
}

/** The event of a handshake that is refused. */
export function refusedEvent(
  code: RefusalCode,
  at: EpochMs,
  { attempt, ticketId, subject, fault }: Findings,
): AuditEvent {
  const { carrier = null, clientAddress = null } = attempt ?? {}
  const origin = attempt?.handshake.origin ?? null
  return { type: 'refused', at, code, ticketId, subject, carrier, clientAddress, origin, fault }
}
