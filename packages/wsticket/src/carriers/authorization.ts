/**
 * Carrier `Authorization: Ticket wst_...`: for clients that can set a header, which a browser cannot on a WebSocket.
 * @module
 */
import { type Carrier, nothingPresented } from '../carrier.ts'

// RFC 9110 section 11.1: the scheme is case-insensitive.
const ticketScheme = /^ticket(?: +(.*))?$/i

/** Reads a ticket from the Authorization header. On by default. Other schemes are the application's, and stay. */
export const authorization: Carrier = {
  name: 'authorization',
  find: (handshake) => {
    if (handshake.authorization === null) return nothingPresented
    const match = ticketScheme.exec(handshake.authorization)
    return match ? [match[1] ?? ''] : nothingPresented
  },
  strip: ({ target, rawHeaders }) => ({
    target,
    rawHeaders: rawHeaders.filter((_, at) => (rawHeaders[at - (at % 2)] as string).toLowerCase() !== 'authorization'),
  }),
}
