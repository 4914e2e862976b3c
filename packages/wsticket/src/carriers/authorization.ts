/**
 * Carrier `Authorization: Ticket wst_...`: for clients that can set a header, which a browser cannot on a WebSocket. A key
 * follows the ticket after a dot, `Ticket <ticket>.<key>`: a scheme's credentials are one token68 (RFC 9110 section 11.4).
 * @module
 */
import { type Carrier, nothingPresented } from '../carrier.ts'
import { keyPrefix } from '../wire.ts'

// RFC 9110 section 11.1: the scheme is case-insensitive.
const ticketScheme = /^ticket(?: +(.*))?$/i
const beforeKey = new RegExp(`\\.(?=${keyPrefix})`)

/** Reads a ticket from the Authorization header. On by default. Other schemes are the application's, and stay. */
export const authorization: Carrier = {
  name: 'authorization',
  find: ({ authorization: header }) => (header === null ? nothingPresented : partsOf(header).slice(0, 1)),
  findKeys: ({ authorization: header }) => (header === null ? nothingPresented : partsOf(header).slice(1)),
  strip: ({ target, rawHeaders }) => ({
    target,
    rawHeaders: rawHeaders.filter((_, at) => (rawHeaders[at - (at % 2)] as string).toLowerCase() !== 'authorization'),
  }),
}

/** The text that is presented as a ticket, and those that are shown as keys after it. */
function partsOf(header: string): readonly string[] {
  const match = ticketScheme.exec(header)
  return match ? (match[1] ?? '').split(beforeKey) : nothingPresented
}
