/**
 * Carrier `Sec-WebSocket-Protocol: <the app's own>, wsticket.v1, wst_...`: the one a browser has, and no log line shows. A key
 * is one more subprotocol, `wsk_...`.
 * @module
 */
import { type Carrier, nothingPresented } from '../carrier.ts'
import type { Passage } from '../handshake.ts'
import { keyPrefix, ticketPrefix, ticketSubprotocol } from '../wire.ts'

/** Reads tickets from the offered subprotocols. On by default. */
export const subprotocol: Carrier = {
  name: 'subprotocol',
  find: ({ protocols }) => beginningWith(ticketPrefix, protocols),
  findKeys: ({ protocols }) => beginningWith(keyPrefix, protocols),
  strip,
}

function beginningWith(prefix: string, protocols: readonly string[]): readonly string[] {
  return protocols.length === 0 ? nothingPresented : protocols.filter((entry) => entry.startsWith(prefix))
}

function strip({ target, rawHeaders }: Passage): Passage {
  // As long as what comes in, and cut at the end: an array that grows is copied again and again.
  const kept = rawHeaders.slice()
  let length = 0
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    let value = rawHeaders[at + 1] as string
    if (name.length === 22 && name.toLowerCase() === 'sec-websocket-protocol') {
      value = withoutOurs(value)
      if (value === '') continue
    }
    kept[length++] = name
    kept[length++] = value
  }
  kept.length = length
  return { target, rawHeaders: kept }
}

function withoutOurs(line: string): string {
  return line
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => !isOurs(entry))
    .join(', ')
}

function isOurs(entry: string): boolean {
  return entry === ticketSubprotocol || entry.startsWith(ticketPrefix) || entry.startsWith(keyPrefix)
}
