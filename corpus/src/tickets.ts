/**
 * Tickets and keys that are made from a label, so that the bytes of a case are the same on every run.
 * @module
 */
import { createHash } from 'node:crypto'
import { type Key, parseKey, parseTicket, type Ticket } from 'wsticket'

/** The ticket of a label. */
export function ticketOf(label: string): Ticket {
  const text = `wst_${createHash('sha256').update(label).digest('base64url')}`
  const ticket = parseTicket(text)
  if (ticket === null) throw new TypeError('a digest of 32 bytes should make a ticket')
  return ticket
}

/** The key of a label. */
export function keyOf(label: string): Key {
  const key = parseKey(`wsk_${createHash('sha256').update(`key of ${label}`).digest('base64url')}`)
  if (key === null) throw new TypeError('a digest of 32 bytes should make a key')
  return key
}
