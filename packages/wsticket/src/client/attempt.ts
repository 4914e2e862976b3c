/**
 * What an attempt to open something asks the source of tickets: for one, in time, and afterwards what became of it.
 * @module
 */
import { undecided } from './ticket-request-error.ts'
import type { PresentedTicket, TicketFate } from './ticket-source.ts'
import type { TicketSettings } from './ticket-websocket-options.ts'
import { untilAborted } from './until-aborted.ts'

// Clients that reconnect count from the construction on: 4 seconds, or 5, of which a ticket may have taken 3.
const leastInquiryMs = 1000

interface Inquiry extends Pick<TicketSettings, 'ticketTimeoutMs'> {
  readonly inquire: PresentedTicket['inquire']
  readonly beganAt: number
}

/**
 * A ticket. `wanted` is aborted where it takes too long.
 * @throws TicketRequestError for no ticket; the reason of the signal where that comes first
 */
export async function ticketInTime(
  { ticketSource, ticketTimeoutMs }: TicketSettings,
  url: string,
  wanted: AbortController,
): Promise<PresentedTicket> {
  const giveUp = () => wanted.abort(undecided(`There was no ticket within ${ticketTimeoutMs} ms.`))
  const timer = setTimeout(giveUp, ticketTimeoutMs)
  try {
    return await ticketSource({ signal: wanted.signal, url })
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Why it opened nothing; null where nobody knows in time, or wants to know any more. It has what `ticketTimeoutMs` left of itself, and a second at
 * least.
 * @param beganAt when the ticket was asked for, in milliseconds of `performance.now()`
 */
export async function fateInTime(
  { inquire, beganAt, ticketTimeoutMs }: Inquiry,
  wanted: AbortController,
): Promise<TicketFate | null> {
  const { signal } = wanted
  if (inquire === undefined || signal.aborted) return null
  const leftMs = beganAt + ticketTimeoutMs - performance.now()
  const timer = setTimeout(() => wanted.abort(), Math.max(leastInquiryMs, leftMs))
  try {
    return await untilAborted(inquire(signal), signal)
  } catch {
    // Then it is not known, which is what it was before.
    return null
  } finally {
    clearTimeout(timer)
  }
}
