/**
 * Carrier `Sec-WebSocket-Protocol: <the app's own>, wsticket.v1, wst_...`: the one a browser has, and no log line shows.
 * @module
 */
import { type Carrier, nothingPresented } from '../carrier.ts'
import type { Passage } from '../handshake.ts'
import { ticketPrefix, ticketSubprotocol } from '../wire.ts'

/** Reads tickets from the offered subprotocols. On by default. */
export const subprotocol: Carrier = {
  name: 'subprotocol',
  find: ({ protocols }) =>
    protocols.length === 0 ? nothingPresented : protocols.filter((entry) => entry.startsWith(ticketPrefix)),
  strip,
}

function strip({ target, rawHeaders }: Passage): Passage {
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    let value = rawHeaders[at + 1] as string
    if (name.length === 22 && name.toLowerCase() === 'sec-websocket-protocol') {
      value = withoutOurs(value)
      if (value === '') continue
    }
    kept.push(name, value)
  }
  return { target, rawHeaders: kept }
}

function withoutOurs(line: string): string {
  return line
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ticketSubprotocol && !entry.startsWith(ticketPrefix))
    .join(', ')
}
