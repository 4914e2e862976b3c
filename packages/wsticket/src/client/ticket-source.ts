/**
 * Where a ticket and its key come from: the port.
 * @module
 */
import type { ClientAction } from '../refusals.ts'
import { hasKeyForm, hasTicketForm } from '../wire.ts'
import { requireOption } from './requirements.ts'
import type { SessionRenewal } from './session-renewal.ts'
import { readWord } from './ticket-request-error.ts'

/** What a {@link TicketSource} is asked. */
export interface TicketRequest {
  /** Aborted when the ticket is no longer wanted: the socket was closed, or `ticketTimeoutMs` went by. */
  readonly signal: AbortSignal
  /** Of the WebSocket that the ticket shall open, normalised. Has no ticket in it. */
  readonly url: string
}

/** A ticket, and the key that is shown beside it. */
export interface PresentedTicket {
  readonly ticket: string
  /** Null for a ticket without a lock: a key beside it would be refused. */
  readonly key: string | null
  /** How the session that it opens can go on. Default: it cannot. */
  readonly renewal?: SessionRenewal | undefined
  /** Asks what became of the ticket, where the handshake failed. SHOULD stop at the signal. Default: nobody is asked. */
  readonly inquire?: ((signal: AbortSignal) => Promise<TicketFate>) | undefined
}

/** What became of a ticket, as its endpoint tells whose it is (protocol.md section 3). */
export interface TicketFate {
  /** `pending` after a handshake that failed: no verifier has redeemed it. */
  readonly state: 'pending' | 'redeemed' | 'refused' | 'expired' | 'revoked'
  /** Why it was refused: the row of the table, such as `address_mismatch`. Null where it was not. */
  readonly reason: string | null
  /** The public code of that row, such as `invalid_ticket`. */
  readonly code: string | null
  readonly action: ClientAction | null
}

/**
 * Gets one ticket for one attempt to open one WebSocket. A text is a ticket without a lock; for one with, `createLock` makes
 * the key and the lock that the ticket is to be asked for with.
 *
 * MUST return a ticket that was not returned before: one that has been presented is spent, whatever came of it.
 * MUST NOT keep the ticket or its key. SHOULD stop at the signal; its answer is not waited for after that. SHOULD reject with a
 * `TicketRequestError`; whatever else it throws becomes the `cause` of one, which says `try_later`.
 */
export type TicketSource = (request: TicketRequest) => Promise<string | PresentedTicket>

/** What a ticket source returned, if it has the form of a ticket, with a key or without; null for anything else. */
export function readPresented(value: unknown): PresentedTicket | null {
  if (typeof value === 'string') return readPresented({ ticket: value, key: null })
  const { ticket, key, renewal, inquire } = (value ?? {}) as Partial<PresentedTicket>
  if (!isTicket(ticket) || !(key === null || (typeof key === 'string' && hasKeyForm(key)))) return null
  return { ticket, key, renewal, inquire }
}

const fates: readonly unknown[] = ['pending', 'redeemed', 'refused', 'expired', 'revoked']
const actions: readonly unknown[] = ['new_ticket', 'wait', 'stop']

/**
 * What an endpoint tells of a ticket, without what is no word of it.
 * @throws TypeError where it tells no state that there is
 */
export function readFate(body: { readonly [member in keyof TicketFate]?: unknown }): TicketFate {
  const { state, reason, code, action } = body
  requireOption(fates.includes(state), 'A ticket has a state')
  return {
    state: state as TicketFate['state'],
    reason: readWord(reason) ?? null,
    code: readWord(code) ?? null,
    action: actions.includes(action) ? (action as TicketFate['action']) : null,
  }
}

/** Whether a value has the form of a ticket. */
export function isTicket(value: unknown): value is string {
  return typeof value === 'string' && hasTicketForm(value)
}
