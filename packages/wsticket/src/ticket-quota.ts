/**
 * Port: how many tickets a subject has that are outstanding: issued, not spent, and not over. Implementations stand in `quotas/`.
 * @module
 */
import type { EpochMs } from './clock.ts'
import type { TicketRecord } from './ticket.ts'

/** What is known of a ticket where tickets are counted. */
export type CountedTicket = Pick<TicketRecord, 'id' | 'subject' | 'expiresAt'>

/** Counts tickets. */
export interface TicketQuota {
  /**
   * Counts a ticket, and returns 0; or, where `most` of its subject are counted already, counts nothing, and returns how long until
   * the first of them is over, in milliseconds: more than 0. A ticket counts until its `expiresAt`, or until it is given back. MUST be
   * one atomic step over all handles and all processes that share the engine: of any number of calls at most `most` are counted.
   * MUST NOT forget a ticket to make room. MUST throw a `StoreError`, or reject with one, where it cannot tell.
   */
  claim(ticket: CountedTicket, most: number, now: EpochMs): Promise<number>

  /** Counts a ticket no more, and nothing else: nothing happens where it was not counted, or is given back already. */
  giveBack(ticket: CountedTicket): Promise<void>
}

/** Starts to give a ticket back. Nobody waits for that: where it fails, the ticket counts until it would have ended. */
export async function giveBack(quota: TicketQuota | undefined, ticket: CountedTicket): Promise<void> {
  try {
    await quota?.giveBack(ticket)
  } catch {}
}
