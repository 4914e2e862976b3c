/**
 * Requests for event streams as exact bytes, each with its verdict. They are played, and judged, as opening handshakes are.
 * @module
 */
import {
  type Difference,
  type HandshakeCase,
  type HandshakeVerdict,
  type Lines,
  pageOrigin,
  requestOf,
} from './handshake-case.ts'
import { ticketOf } from './tickets.ts'

const streamRequestLine = 'GET /ws?ticket=TICKET HTTP/1.1'

const other = ticketOf('a ticket that nobody has issued')

/** A case that is a good request of a page for an event stream, with its ticket in the query, but for a difference. `OTHER` stands for a ticket that nobody has issued. */
export function eventStreamCase(
  label: string,
  verdict: HandshakeVerdict,
  { requestLine = streamRequestLine, lines = {}, behind = '', setting = 'every_carrier', ...others }: Difference = {},
): HandshakeCase {
  const ticket = ticketOf(label)
  const all: Lines = {
    host: 'Host: ws.example',
    accept: 'Accept: text/event-stream',
    origin: `Origin: ${pageOrigin}`,
    ...lines,
  }
  const spelt = requestOf(requestLine, Object.values(all).flat(), behind)
  const bytes = spelt.replaceAll('TICKET', ticket).replaceAll('OTHER', other)
  return { name: label, verdict, setting, bytes, tickets: [ticket], ...others }
}
