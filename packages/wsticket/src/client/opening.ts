/**
 * The opening of a WebSocket: what the two arguments of `new WebSocket()` say, and where the ticket and its key go in them
 * (WHATWG WebSockets section 3.1, protocol.md section 4).
 * @module
 */
import { keyParameter, keyPrefix, ticketParameter, ticketSubprotocol } from '../wire.ts'
import { requireOf } from './requirements.ts'
import type { PresentedTicket } from './ticket-source.ts'
import { pageUrl, requireSecrecy, urlOf } from './transport.ts'

/** Where the ticket and its key travel: as subprotocols that are offered, as the query parameters `ticket` and `key`, or in the first message. */
export type ClientCarrier = 'subprotocol' | 'query' | 'message'

/** The arguments of a WebSocket, parsed. */
export interface Opening {
  /** Absolute, `ws:` or `wss:`, without a fragment. */
  readonly url: URL
  /** The application's own subprotocols, in its order. */
  readonly protocols: readonly string[]
}

/** What an opening must obey. */
export interface OpeningRules {
  readonly carrier: ClientCarrier
  /** Hosts other than this machine to which a ticket may go without TLS. */
  readonly insecureHosts: readonly string[]
}

// RFC 6455 section 4.1 item 10: a subprotocol is a token (RFC 9110 section 5.6.2).
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Reads the URL argument as a WebSocket does: relative to the page, `http:` as `ws:`, `https:` as `wss:`.
 *
 * @throws DOMException `SyntaxError` for what is no WebSocket URL, has a fragment, or has a ticket or a key of its own while
 * the query is the carrier; `SecurityError` where the ticket would travel in plaintext ({@link requireSecrecy})
 */
export function readUrl(argument: string | URL, rules: OpeningRules): URL {
  const url = socketUrlOf(argument)
  requireOf('SyntaxError', url !== null, 'The URL of a WebSocket is absolute, or relative to the page, and ws: or wss:')
  requireSyntax(!url.href.includes('#'), 'The URL of a WebSocket has no fragment')
  if (rules.carrier === 'query') requireOwnQuery(url)
  requireSecrecy(url, rules.insecureHosts)
  return url
}

/**
 * Reads the argument `protocols`: a text, an array of texts, or nothing (undefined, null, '' or []).
 *
 * @throws DOMException `SyntaxError` for anything else, for what is no token, for duplicates, and for names of wsticket's
 */
export function readProtocols(argument: unknown): readonly string[] {
  if (argument === undefined || argument === null || argument === '') return []
  const protocols: readonly unknown[] = Array.isArray(argument) ? [...argument] : [argument]
  requireSyntax(
    protocols.every(isProtocol) && new Set(protocols).size === protocols.length,
    "A subprotocol is a token that is offered once; wsticket.v1, wst_... and wsk_... are the ticket's",
  )
  return protocols as readonly string[]
}

/** The arguments for the real socket. The application's own subprotocols come first, ticket and key last: servers that select
 * the first offer, as many do, then never send either back. */
export function withTicket(
  opening: Opening,
  carrier: ClientCarrier,
  { ticket, key }: PresentedTicket,
): { url: string; protocols: string[] } {
  if (carrier === 'subprotocol') {
    const ours = [ticketSubprotocol, ticket, ...(key === null ? [] : [key])]
    return { url: opening.url.href, protocols: [...opening.protocols, ...ours] }
  }
  if (carrier === 'message') return { url: opening.url.href, protocols: [...opening.protocols] }
  const url = new URL(opening.url)
  const ours = `${ticketParameter}=${ticket}${key === null ? '' : `&${keyParameter}=${key}`}`
  // Not searchParams: that would spell the rest of the query anew.
  url.search = url.search === '' ? `?${ours}` : `${url.search}&${ours}`
  return { url: url.href, protocols: [...opening.protocols] }
}

/** What is sent before anything else; null where the ticket is in the handshake. */
export function firstMessage(carrier: ClientCarrier, { ticket, key }: PresentedTicket): string | null {
  if (carrier !== 'message') return null
  return JSON.stringify({ type: 'ticket', ticket, ...(key === null ? {} : { key }) })
}

/** The absolute URL that a WebSocket is to be opened at; null for what is none. */
export function socketUrlOf(argument: string | URL): URL | null {
  const url = urlOf(argument, pageUrl())
  if (url !== null) url.protocol = url.protocol.replace('http', 'ws')
  return url !== null && /^wss?:$/.test(url.protocol) ? url : null
}

/**
 * That the query has nothing where the ticket and its key go.
 * @throws DOMException `SyntaxError`
 */
export function requireOwnQuery({ searchParams }: URL): void {
  const isOurs = (key: string) => key.startsWith(keyPrefix)
  requireSyntax(
    !searchParams.has(ticketParameter) && !searchParams.getAll(keyParameter).some(isOurs),
    'The query parameters "ticket" and "key" are where the ticket goes',
  )
}

function isProtocol(value: unknown): boolean {
  return typeof value === 'string' && token.test(value) && value !== ticketSubprotocol && !/^ws[tk]_/.test(value)
}

function requireSyntax(isSo: boolean, what: string): void {
  requireOf('SyntaxError', isSo, what)
}
