/**
 * Carrier "first message": the ticket comes as the first text message, `{ "type": "ticket", "ticket": "wst_...", "key": "wsk_..." }`, the
 * key only of a ticket that is locked. For servers and proxies that lose what a handshake carries. Off by default: the WebSocket is
 * open on the wire before anybody knows who is there.
 * @module
 */
import { type Carrier, nothingPresented } from '../carrier.ts'
import type { Passage } from '../handshake.ts'
import { ticketSubprotocol } from '../wire.ts'

/**
 * Finds nothing in a handshake. What it strips was answered in the 101, before the application could be asked: of the subprotocols
 * all but the one that was selected, and the extensions, none of which was.
 */
export const message: Carrier = {
  name: 'message',
  find: () => nothingPresented,
  findKeys: () => nothingPresented,
  strip,
}

/** The longest first message, in bytes: ticket and key take 150, the rest is for spaces. */
export const maxMessageBytes = 1024

/** The subprotocol that the 101 selects: the first of the application's own, else ours, else none. */
export function protocolToSelect(protocols: readonly string[]): string | null {
  return protocols.find((protocol) => protocol !== ticketSubprotocol) ?? protocols[0] ?? null
}

function strip({ target, rawHeaders }: Passage): Passage {
  const kept: string[] = []
  const offered: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    const value = rawHeaders[at + 1] as string
    if (/^sec-websocket-protocol$/i.test(name)) offered.push(...value.split(',').map((entry) => entry.trim()))
    else if (!/^sec-websocket-extensions$/i.test(name)) kept.push(name, value)
  }
  const selected = protocolToSelect(offered)
  if (selected !== null) kept.push('Sec-WebSocket-Protocol', selected)
  return { target, rawHeaders: kept }
}

/** What a first message presents, neither ticket nor key parsed. */
export interface TicketMessage {
  readonly ticket: string
  /** Null for none. */
  readonly key: string | null
}

/** The ticket message that a text is, or null for anything else: another member, one twice, a value that is no string. */
export function parseTicketMessage(text: string): TicketMessage | null {
  const members = parseObject(text)
  if (members === null || countNames(text) !== Object.keys(members).length) return null
  const { type, ticket, key = null, ...others } = members
  if (type !== 'ticket' || typeof ticket !== 'string' || Object.keys(others).length > 0) return null
  if (Object.hasOwn(members, 'key') && typeof key !== 'string') return null
  return { ticket, key: key as string | null }
}

function parseObject(text: string): { readonly [name: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

/** JSON.parse keeps the last of two members of a name and says nothing: two tickets would pass for one. */
function countNames(json: string): number {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length
}
