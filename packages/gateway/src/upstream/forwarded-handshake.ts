/**
 * The handshake that the upstream gets: the client's without the ticket, and with who is speaking.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { AdmittedDecision, Handshake, Session } from 'wsticket'
import { type HeaderLine, headerLines } from '../header-lines.ts'
import { endToEnd } from './hop-by-hop.ts'

/** Whether the peer at this address is a reverse proxy whose forwarding headers are believed. */
export type IsTrustedProxy = (peerAddress: string | null) => boolean

/** What decides about the lines for the next hop, and those that follow from the peer. */
export interface Forwarding {
  readonly upstream: URL
  readonly isTrustedProxy: IsTrustedProxy
  /** Default `websocket`. */
  readonly kind?: Handshake['kind']
}

const hopLines: { readonly [kind in Handshake['kind']]: readonly HeaderLine[] } = {
  websocket: [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
  ],
  // What is compressed comes late, and has no room for a last event.
  event_stream: [
    ['Connection', 'close'],
    ['Accept-Encoding', 'identity'],
  ],
}

/** What the upstream is asked: a request-target, and names and values in turn. */
export interface ForwardedHandshake {
  readonly target: string
  readonly rawHeaders: readonly string[]
}

// Servers in the manner of CGI take `X_Wsticket_Subject` and `X.Wsticket.Subject` for `X-Wsticket-Subject`: whatever can be
// mistaken for a header that the gateway vouches for ends here.
const vouchedFor =
  /^(?:x-wsticket.*|x-forwarded.*|x-original.*|forwarded|(?:x-)?remote-(?:user|addr)|x-real-ip|.*client-ip|.*connecting-ip|x-envoy-external-address)$/

/**
 * Writes the upstream's handshake.
 * - Host is the upstream's own; the client's is in X-Forwarded-Host.
 * - A path in the upstream's URL replaces the client's; the client's query stays.
 */
export function forwardHandshake(
  request: IncomingMessage,
  { session, passage }: AdmittedDecision,
  { upstream, isTrustedProxy, kind = 'websocket' }: Forwarding,
): ForwardedHandshake {
  const lines = headerLines(passage.rawHeaders)
  const own = hopLines[kind]
  const names = new Set(own.map(([name]) => name.toLowerCase()))
  const kept = endToEnd(lines).filter(([name]) => !isReplaced(name) && !names.has(name.toLowerCase()))
  const trusted = isTrustedProxy(request.socket.remoteAddress ?? null)
  const all: HeaderLine[] = [
    ['Host', upstream.host],
    ...own,
    ...kept,
    ...forwardingLines(request, session, trusted),
    ['X-Wsticket-Subject', encodeHeaderValue(session.subject)],
    ['X-Wsticket-Session', session.id],
  ]
  return { target: upstreamTarget(upstream, passage.target), rawHeaders: all.flat() }
}

/**
 * A text as a header value: visible ASCII stays, everything else and `%` is percent-encoded as UTF-8, so that
 * `decodeURIComponent` gives the text back and no two texts look the same.
 */
export function encodeHeaderValue(text: string): string {
  return text.replace(/[^!-$&-~]+/g, encodeURIComponent)
}

function isReplaced(spelled: string): boolean {
  const name = spelled.toLowerCase()
  return name === 'host' || name === 'content-length' || vouchedFor.test(name.replace(/[^a-z0-9]/g, '-'))
}

/** The chain is written anew from what admission has found out; whatever stood left of that was only claimed. */
function forwardingLines(request: IncomingMessage, session: Session, trusted: boolean): HeaderLine[] {
  const peer = (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '')
  const client = session.clientAddress
  const claimed = trusted ? request.headers : {}
  const proto = claimed['x-forwarded-proto']
  const host = claimed['x-forwarded-host']
  return [
    ['X-Forwarded-For', trusted && client !== null ? `${client}, ${peer}` : peer],
    ['X-Forwarded-Proto', proto === 'https' || proto === 'wss' ? 'https' : 'http'],
    ['X-Forwarded-Host', typeof host === 'string' && /^[\w.:[\]-]+$/.test(host) ? host : (request.headers.host ?? '')],
  ]
}

function upstreamTarget(upstream: URL, target: string): string {
  if (upstream.pathname === '/') return target
  const mark = target.indexOf('?')
  return mark < 0 ? upstream.pathname : `${upstream.pathname}${target.slice(mark)}`
}
