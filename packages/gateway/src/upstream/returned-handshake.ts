/**
 * The upstream's answer to the handshake: whether it is one (RFC 6455 section 4.2.2), and what the client gets of it.
 * @module
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type HeaderLine, headerLines, membersOf, valuesOf } from '../header-lines.ts'
import { UpstreamError } from './dial.ts'
import { endToEnd } from './hop-by-hop.ts'

/** What the client asked for. */
export interface Asked {
  /** Its Sec-WebSocket-Key. */
  readonly key: string
  /** The subprotocols that were offered to the upstream. */
  readonly protocols: readonly string[]
  /** The names of the extensions that were offered to the upstream. */
  readonly extensions: readonly string[]
  /** What is selected where the upstream selects nothing; null for nothing. */
  readonly fallbackProtocol: string | null
  /** The Set-Cookie that takes the ticket out of the browser; null for none. */
  readonly clearingCookie: string | null
}

/**
 * The head of the 101 that the client gets.
 * @throws UpstreamError where the upstream's answer does not belong to this handshake.
 */
export function returnHandshake(response: IncomingMessage, asked: Asked): string {
  const lines = headerLines(response.rawHeaders)
  // RFC 9110 section 7.8: there is no upgrade in HTTP/1.0.
  if (response.httpVersion !== '1.1' || !belongs(lines, asked)) throw new UpstreamError('upstream_malformed')
  const kept = endToEnd(lines).filter(([name]) => name.toLowerCase() !== 'content-length')
  const selects = kept.some(([name]) => name.toLowerCase() === 'sec-websocket-protocol')
  const all: HeaderLine[] = [['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ...kept]
  if (!selects && asked.fallbackProtocol !== null) all.push(['Sec-WebSocket-Protocol', asked.fallbackProtocol])
  // After the upstream's own: of two cookies of a name the later one counts.
  if (asked.clearingCookie !== null) all.push(['Set-Cookie', asked.clearingCookie])
  return `HTTP/1.1 101 Switching Protocols\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

function belongs(lines: readonly HeaderLine[], { key, protocols, extensions }: Asked): boolean {
  const accepts = valuesOf(lines, 'sec-websocket-accept')
  const selected = valuesOf(lines, 'sec-websocket-protocol')
  return (
    accepts.length === 1 &&
    accepts[0] === acceptOf(key) &&
    membersOf(lines, 'upgrade').join() === 'websocket' &&
    membersOf(lines, 'connection').includes('upgrade') &&
    selected.length <= 1 &&
    selected.every((protocol) => protocols.includes(protocol)) &&
    extensionNames(lines).every((name) => extensions.includes(name))
  )
}

/** The names in Sec-WebSocket-Extensions, without their parameters (RFC 6455 section 9.1). */
export function extensionNames(lines: readonly HeaderLine[]): string[] {
  return membersOf(lines, 'sec-websocket-extensions').map((member) => (member.split(';', 1)[0] as string).trim())
}

// RFC 6455 section 4.2.2, step 5.4.
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${guid}`).digest('base64')
}
