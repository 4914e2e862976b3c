/**
 * Opening handshakes as exact bytes, each with its verdict.
 * @module
 */
import type { Key, Ticket } from 'wsticket'
import type { CorpusCase } from './corpus-class.ts'
import { ticketOf } from './tickets.ts'

/**
 * What becomes of a handshake.
 * - `admitted`: 101, or 200 where an event stream was asked for; one reaches the application, and the ticket is spent.
 * - A public code: that refusal (`refusal-answers.ts`), byte for byte; of an event stream, line for line.
 * - `rejected`: 4xx, or the end of the connection without an answer. Which of them is the business of whoever finds the fault
 *   first, and that may be the HTTP parser.
 */
export type HandshakeVerdict =
  | 'admitted'
  | 'ticket_required'
  | 'invalid_ticket'
  | 'forbidden'
  | 'bad_request'
  | 'rejected'

/** How the server is set up. */
export type Setting = 'ordinary' | 'every_carrier' | 'query_only' | 'any_client' | 'no_proxy' | 'behind_proxy'

/** A handshake. */
export interface HandshakeCase extends CorpusCase {
  readonly verdict: HandshakeVerdict
  readonly setting: Setting
  /** The bytes, as Latin-1. */
  readonly bytes: string
  /** Tickets that are good when the bytes arrive: what is refused is refused in spite of them. */
  readonly tickets: readonly Ticket[]
  /** What opens the lock that they have. Default: they have none. */
  readonly key?: Key
  /** The address that they were issued to. Default that of the peer. */
  readonly issuedTo?: string
  /** Whether the tickets are spent although nobody is admitted. Default false. */
  readonly spends?: boolean
  /** The address that the client comes from. Default 127.0.0.1. */
  readonly from?: string
  /** Whether the client says at once that nothing more will come. Default false. */
  readonly finishes?: boolean
}

/** The origin of {@link linesWith}, which every setting lists. */
export const pageOrigin = 'https://app.example'

/** The key of RFC 6455 section 1.3. */
export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ=='

/** Header lines by the header that they are about. */
export type Lines = { readonly [header: string]: string | readonly string[] }

/** The lines of a good handshake with this ticket, some of them replaced, taken away (`[]`) or added. */
export function linesWith(ticket: string, changes: Lines = {}): readonly string[] {
  const lines: Lines = {
    host: 'Host: ws.example',
    connection: 'Connection: Upgrade',
    upgrade: 'Upgrade: websocket',
    version: 'Sec-WebSocket-Version: 13',
    key: `Sec-WebSocket-Key: ${sampleKey}`,
    origin: `Origin: ${pageOrigin}`,
    protocol: `Sec-WebSocket-Protocol: wsticket.v1, ${ticket}`,
    ...changes,
  }
  return Object.values(lines).flat()
}

/** The bytes of a request. */
export function requestOf(requestLine: string, lines: readonly string[], behind = ''): string {
  return `${[requestLine, ...lines].join('\r\n')}\r\n\r\n${behind}`
}

/** The request line of a good handshake. */
export const goodRequestLine = 'GET /ws HTTP/1.1'

/** What a case differs in from a good handshake. */
export interface Difference extends Partial<Omit<HandshakeCase, 'name' | 'verdict' | 'bytes' | 'tickets'>> {
  readonly requestLine?: string
  /** May hold `TICKET`, which stands for the case's own ticket. */
  readonly lines?: Lines
  readonly behind?: string
}

/** A case that is a good handshake but for a difference. */
export function handshakeCase(
  label: string,
  verdict: HandshakeVerdict,
  { requestLine = goodRequestLine, lines = {}, behind = '', setting = 'ordinary', ...others }: Difference,
): HandshakeCase {
  const ticket = ticketOf(label)
  const bytes = requestOf(requestLine, linesWith('TICKET', lines), behind).replaceAll('TICKET', ticket)
  return { name: label, verdict, setting, bytes, tickets: [ticket], ...others }
}

/** A text as it stands on the wire in UTF-8, for bytes that are written as Latin-1. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
