/**
 * The opening handshake of a WebSocket (RFC 6455 section 4.2.1), the same for every server: strictly parsed, read once.
 * @module
 */

/** An opening handshake as it came in, nothing interpreted: what an adapter hands over. */
export interface Opening {
  readonly method: string
  /** `1.1`; null where the server does not tell. */
  readonly httpVersion: string | null
  /** The request-target as it was sent. */
  readonly target: string
  /** Names and values in turn, in the order received, repeated headers kept apart. */
  readonly rawHeaders: readonly string[]
  /** Address of the peer of the TCP connection; null where the server does not tell. */
  readonly peerAddress: string | null
}

/** An opening handshake that is well formed, or a request for an event stream, which is admitted as one is. */
export interface Handshake {
  readonly kind: 'websocket' | 'event_stream'
  /** Origin-form: begins with one `/`. Never parsed for a host. */
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly peerAddress: string | null
  readonly origin: string | null
  /** Whether the browser vouches that the page is of the very origin that it asks: with such a GET it sends no Origin. */
  readonly isSameOrigin: boolean
  readonly authorization: string | null
  /** The offered subprotocols, in order, unique. */
  readonly protocols: readonly string[]
  /** `X-Forwarded-For`, all its lines joined in order; null where there is none. Not yet believed. */
  readonly forwardedFor: string | null
}

/** What is passed on to the application or an upstream: the handshake without the ticket. */
export interface Passage {
  readonly target: string
  readonly rawHeaders: readonly string[]
}

/** More header lines than this are refused: past its own limit Node drops lines silently, a proxy's among them. */
export const maxHeaderLines = 100

/** More offered subprotocols than this are refused. */
export const maxProtocols = 32

// RFC 9112 section 3.2.1, without what others take for an authority (//host, /\host) or cut off (#fragment).
const originForm = /^\/(?:[!"$-.0-[\]-~][!"$-[\]-~]*)?$/
// What is not even ASCII is the origin of no page (RFC 6454 section 7.1), and need not reach a log.
const originText = /^[ -~]{0,300}$/
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const key = /^[+/0-9A-Za-z]{22}==$/
// RFC 9110 section 5.5: a field value has no control characters but HTAB.
const notInValues = /[^\t -~\u0080-\uffff]/
// The lists that are read here are ASCII. What else String.trim() takes for whitespace must not pass for RFC 9110's.
const notInLists = /[^\t -~]/
const noProtocols: readonly string[] = Object.freeze([])

/** Headers of which one line is allowed (RFC 6455 section 4.2.1, RFC 9110 section 5.3): the line, or null. */
const noSingleLines = {
  host: null as string | null,
  origin: null as string | null,
  authorization: null as string | null,
  upgrade: null as string | null,
  'sec-websocket-key': null as string | null,
  'sec-websocket-version': null as string | null,
  'content-length': null as string | null,
  'transfer-encoding': null as string | null,
}

/** Headers that are lists (RFC 9110 section 5.6.1): all lines joined, or null. */
const noLists = {
  connection: null as string | null,
  'sec-websocket-protocol': null as string | null,
  'x-forwarded-for': null as string | null,
}

type SingleLines = typeof noSingleLines
type Lists = typeof noLists

/** The header lines by which something is decided. */
export interface OpeningLines {
  readonly single: Readonly<SingleLines>
  readonly lists: Readonly<Lists>
}

/** Those of an opening; null where it is no GET of a path, or one of its lines is malformed. */
export function readOpening({ method, target, rawHeaders }: Opening): OpeningLines | null {
  if (method !== 'GET' || !isOriginForm(target)) return null
  const single = { ...noSingleLines }
  const lists = { ...noLists }
  if (!readLines(rawHeaders, single, lists)) return null
  return single.origin !== null && !originText.test(single.origin) ? null : { single, lists }
}

/** The handshake that an opening spells, or null where it is malformed in any way. Does no I/O and never throws. */
export function parseHandshake(opening: Opening): Handshake | null {
  if (opening.httpVersion !== null && opening.httpVersion !== '1.1') return null
  const lines = readOpening(opening)
  if (lines === null || !isWebSocketUpgrade(lines)) return null
  const { single, lists } = lines
  const protocols = parseProtocols(lists['sec-websocket-protocol'])
  if (protocols === null) return null
  return {
    kind: 'websocket',
    target: opening.target,
    rawHeaders: opening.rawHeaders,
    peerAddress: opening.peerAddress,
    origin: single.origin,
    isSameOrigin: false,
    authorization: single.authorization,
    protocols,
    forwardedFor: lists['x-forwarded-for'],
  }
}

/** Whether a request-target is a path of this server, with or without a query, and nothing that could be read otherwise. */
export function isOriginForm(target: string): boolean {
  return originForm.test(target)
}

/** Sorts the lines that matter. False where one is malformed, or there are too many, or two where one is allowed. */
function readLines(rawHeaders: readonly string[], single: SingleLines, lists: Lists): boolean {
  if (rawHeaders.length > 2 * maxHeaderLines || rawHeaders.length % 2 !== 0) return false
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    const value = rawHeaders[at + 1] as string
    if (!token.test(name) || notInValues.test(value)) return false
    if (Object.hasOwn(noSingleLines, name)) {
      if (single[name as keyof SingleLines] !== null) return false
      single[name as keyof SingleLines] = value
    } else if (Object.hasOwn(noLists, name)) {
      if (notInLists.test(value)) return false
      const before = lists[name as keyof Lists]
      lists[name as keyof Lists] = before === null ? value : `${before},${value}`
    }
  }
  return true
}

/** Whether nothing comes behind the head. */
export function hasNoBody({ single }: OpeningLines): boolean {
  const length = single['content-length']
  return single['transfer-encoding'] === null && (length === null || length === '0')
}

function isWebSocketUpgrade(lines: OpeningLines): boolean {
  const { single, lists } = lines
  return (
    single.host !== null &&
    single.upgrade?.toLowerCase() === 'websocket' &&
    hasUpgradeToken(lists.connection) &&
    single['sec-websocket-version'] === '13' &&
    key.test(single['sec-websocket-key'] ?? '') &&
    hasNoBody(lines)
  )
}

function hasUpgradeToken(connection: string | null): boolean {
  if (connection === null) return false
  if (connection === 'Upgrade') return true
  return connection.split(',').some((option) => option.trim().toLowerCase() === 'upgrade')
}

function parseProtocols(line: string | null): readonly string[] | null {
  if (line === null) return noProtocols
  const protocols: string[] = []
  for (const entry of line.split(',')) {
    const protocol = entry.trim()
    if (!token.test(protocol) || protocols.includes(protocol) || protocols.length === maxProtocols) return null
    protocols.push(protocol)
  }
  return protocols
}
