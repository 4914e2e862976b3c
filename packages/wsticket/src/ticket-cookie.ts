/**
 * The cookie that carries a ticket (protocol.md section 4): how it is set when the ticket is handed out, and cleared when it is spent.
 * @module
 */
import type { Ticket } from './ticket.ts'

/**
 * The name of the cookie. Browsers take a name that begins so only with Secure, with Path=/ and without Domain (RFC 6265bis section
 * 4.1.3.2): no other host, and no page that came in plaintext, can set it.
 */
export const ticketCookie = '__Host-wsticket'

// Strict: the browser sends the cookie for pages of the same site alone, and for none that a link from another site has just opened.
const attributes = 'Secure; HttpOnly; SameSite=Strict; Path=/'

/** The value of the Set-Cookie that hands a ticket out, for as long as it lives, in whole seconds rounded down. */
export function settingTicketCookie(ticket: Ticket, lifetimeMs: number): string {
  return `${ticketCookie}=${ticket}; ${attributes}; Max-Age=${Math.floor(lifetimeMs / 1000)}`
}

/** The value of the Set-Cookie that takes it back (RFC 6265 section 3.1: the attributes are those that it was set with). */
export const clearingTicketCookie: string = `${ticketCookie}=; ${attributes}; Max-Age=0`
