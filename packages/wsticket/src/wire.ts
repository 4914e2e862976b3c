/**
 * The names that both ends of the wire must spell alike (protocol.md sections 2 and 4).
 * @module
 */

/** What a ticket's text begins with: log redaction and secret scanners know it by that. */
export const ticketPrefix = 'wst_'

/** What the key of a locked ticket begins with. */
export const keyPrefix = 'wsk_'

// 32 bytes are 256 bits: the 43rd character carries 4 of them, so its 2 low bits are zero in the one canonical spelling
// (RFC 4648 section 3.5). Any other spelling is neither ticket nor key nor digest.
const ticketForm = /^wst_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const keyForm = /^wsk_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const digestForm = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/** Whether a text has the form of a ticket. Says nothing about whether it opens anything. */
export function hasTicketForm(text: string): boolean {
  return ticketForm.test(text)
}

/** Whether a text has the form of a key. Says nothing about whether it opens anything. */
export function hasKeyForm(text: string): boolean {
  return keyForm.test(text)
}

/** Whether a text has the form of a SHA-256 in base64url, as a ticket's id and a lock have. */
export function hasDigestForm(text: string): boolean {
  return digestForm.test(text)
}

/** The subprotocol that is offered before the ticket, and selected where the application selects none of its own. */
export const ticketSubprotocol = 'wsticket.v1'

/** The query parameter that carries a ticket. */
export const ticketParameter = 'ticket'

/** The query parameter that carries the key of a locked ticket. */
export const keyParameter = 'key'

/** The query parameter by which an `EventSource` that is made anew says the id of the last event. */
export const lastEventIdParameter = 'lastEventId'

/** The type of the last event of a stream whose session is over. */
export const endingEventType = 'wsticket'
