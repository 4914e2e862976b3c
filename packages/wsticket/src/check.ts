/**
 * Ports: what a handshake must pass before its ticket is spent, and after. Implementations stand in `checks/`.
 * @module
 */
import type { CarrierName } from './carrier.ts'
import type { Handshake } from './handshake.ts'
import type { Key } from './lock.ts'
import type { RefusalCode } from './refusals.ts'
import type { TicketRecord } from './ticket.ts'

/** One try to open a WebSocket. */
export interface Attempt {
  readonly handshake: Handshake
  /** The carrier that presents a ticket; null where none does, or more than one. */
  readonly carrier: CarrierName | null
  /** What is shown beside the ticket to open its lock; null where nothing is. */
  readonly key: Key | null
  /** The client's address in canonical form; null where it cannot be told. */
  readonly clientAddress: string | null
}

/** Looks at an attempt without its ticket. Returns why it is refused, or null. Does no I/O and MUST NOT throw. */
export type AttemptCheck = (attempt: Attempt) => RefusalCode | null

/** Holds a ticket that is now spent against the attempt that presented it. Does no I/O and MUST NOT throw. */
export type TicketCheck = (record: TicketRecord, attempt: Attempt) => RefusalCode | null
