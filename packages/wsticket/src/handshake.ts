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

/** An opening handshake that is well formed. */
export interface Handshake {
  /** Origin-form: begins with one `/`. Never parsed for a host. */
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly peerAddress: string | null
  readonly origin: string | null
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

const originForm = /^\/(?:[!$-[\]-~"][!-"$-[\]-~]*)?$/
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const key = /^[+/0-9A-Za-z]{22}==$/
const noProtocols: readonly string[] = Object.freeze([])

/** The lines of one handshake while they are read. A line that must be single and is not makes it malformed. */
interface Lines {
  single: Map<string, string>
  listed: Map<string, string>
  malformed: boolean
}

/** Headers of which one line is allowed (RFC 6455 section 4.2.1, RFC 9110 section 5.3). */
const singleHeaders = new Set([
  'host',
  'origin',
  'authorization',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'content-length',
  'transfer-encoding',
])
const listedHeaders = new Set(['connection', 'sec-websocket-protocol', 'x-forwarded-for'])

/** The handshake that an opening spells, or null where it is malformed in any way. Does no I/O and never throws. */
export function parseHandshake(opening: Opening): Handshake | null {
  if (opening.method !== 'GET') return null
  if (opening.httpVersion !== null && opening.httpVersion !== '1.1') return null
  if (!originForm.test(opening.target)) return null
  const lines = readLines(opening.rawHeaders)
  if (lines.malformed || !isWebSocketUpgrade(lines)) return null
  const protocols = parseProtocols(lines.listed.get('sec-websocket-protocol'))
  if (protocols === null) return null
  return {
    target: opening.target,
    rawHeaders: opening.rawHeaders,
    peerAddress: opening.peerAddress,
    origin: lines.single.get('origin') ?? null,
    authorization: lines.single.get('authorization') ?? null,
    protocols,
    forwardedFor: lines.listed.get('x-forwarded-for') ?? null,
  }
}

function readLines(rawHeaders: readonly string[]): Lines {
  const lines: Lines = { single: new Map(), listed: new Map(), malformed: rawHeaders.length > 2 * maxHeaderLines }
  for (let at = 0; at + 1 < rawHeaders.length && !lines.malformed; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    const value = rawHeaders[at + 1] as string
    if (singleHeaders.has(name)) {
      lines.malformed = lines.single.has(name)
      lines.single.set(name, value)
    } else if (listedHeaders.has(name)) {
      const before = lines.listed.get(name)
      lines.listed.set(name, before === undefined ? value : `${before},${value}`)
    }
  }
  return lines
}

function isWebSocketUpgrade({ single, listed }: Lines): boolean {
  const length = single.get('content-length')
  return (
    single.has('host') &&
    single.get('upgrade')?.toLowerCase() === 'websocket' &&
    hasUpgradeToken(listed.get('connection')) &&
    single.get('sec-websocket-version') === '13' &&
    key.test(single.get('sec-websocket-key') ?? '') &&
    !single.has('transfer-encoding') &&
    (length === undefined || length === '0')
  )
}

function hasUpgradeToken(connection: string | undefined): boolean {
  if (connection === undefined) return false
  if (connection === 'Upgrade') return true
  return connection.split(',').some((option) => option.trim().toLowerCase() === 'upgrade')
}

function parseProtocols(line: string | undefined): readonly string[] | null {
  if (line === undefined) return noProtocols
  const protocols = line.split(',').map((entry) => entry.trim())
  if (!protocols.every((entry) => token.test(entry))) return null
  return new Set(protocols).size === protocols.length ? protocols : null
}
