/**
 * Records that are made from a number, so that every process knows those of every other.
 * @module
 */
import { systemClock } from '../../src/clock.ts'
import type { Subject } from '../../src/credential.ts'
import { sha256 } from '../../src/digest.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketId, TicketRecord } from '../../src/ticket.ts'

/** The id of a number. */
export function idOf(number: number): TicketId {
  return sha256(`record ${number}`) as TicketId
}

/** A ticket of the subject of a number, like no other. */
export function ticketFor(number: number): TicketRecord {
  return sampleRecord(systemClock(), { subject: `https://issuer.example#${number}` as Subject })
}

/** A record with the id of a number, issued now. */
export function recordOf(number: number): TicketRecord {
  return sampleRecord(systemClock(), { id: idOf(number) })
}
