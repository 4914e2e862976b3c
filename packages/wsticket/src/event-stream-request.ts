/**
 * The request for an event stream (WHATWG HTML section 9.2), the same for every server: parsed as strictly as an opening handshake.
 * @module
 */
import { type Handshake, hasNoBody, type Opening, type OpeningLines, readOpening } from './handshake.ts'
import { parametersOf, valuesOf, withoutParameters } from './query-parameters.ts'
import { lastEventIdParameter } from './wire.ts'

const ofWebSockets = /^sec-websocket-/i
const eventStream = /(?:^|,)[\t ]*text\/event-stream[\t ]*(?:[,;]|$)/i
// What fetches of pages say of themselves, and no page can (Fetch Metadata Request Headers section 2).
const siteHeader = 'sec-fetch-site'
const idHeader = 'last-event-id'
const maxIdBytes = 1024
// No header value has them (RFC 9110 section 5.5), but for the tab.
const controls = /[^\t -~\u0080-\uffff]/

/**
 * The request that an opening spells, as a handshake, or null where it is malformed in any way. HTTP/1.0 is how a reverse proxy
 * asks that was not told otherwise: the stream then ends with its connection. The parameter `lastEventId`, which an `EventSource` that is made anew
 * has instead of the header, becomes that header. Does no I/O and never throws.
 */
export function parseEventStreamRequest(opening: Opening): Handshake | null {
  const { httpVersion, rawHeaders, peerAddress } = opening
  if (httpVersion !== null && httpVersion !== '1.1' && httpVersion !== '1.0') return null
  const lines = readOpening(opening)
  if (lines === null || !isPlainRequest(lines, rawHeaders) || !eventStream.test(linesOf(rawHeaders, 'accept').join()))
    return null
  const sites = linesOf(rawHeaders, siteHeader)
  const passage = withLastEventId(opening)
  if (sites.length > 1 || passage === null) return null
  const { origin, authorization } = lines.single
  return {
    kind: 'event_stream',
    ...passage,
    peerAddress,
    origin,
    isSameOrigin: sites[0] === 'same-origin',
    authorization,
    protocols: [],
    forwardedFor: lines.lists['x-forwarded-for'],
  }
}

/** Asks for nothing else: whoever is behind the verifier might take it for the other. */
function isPlainRequest(lines: OpeningLines, rawHeaders: readonly string[]): boolean {
  const { single } = lines
  return (
    single.host !== null &&
    single.upgrade === null &&
    hasNoBody(lines) &&
    !rawHeaders.some((name, at) => at % 2 === 0 && ofWebSockets.test(name))
  )
}

function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
}

/** The id of the last event in its header alone; null where there are two, or it fits into none. The header goes before the parameter. */
function withLastEventId({ target, rawHeaders }: Opening): Pick<Handshake, 'target' | 'rawHeaders'> | null {
  const named = linesOf(rawHeaders, idHeader)
  const ids = valuesOf(lastEventIdParameter, target)
  if (named.length > 1 || ids.length > 1) return null
  const id = ids[0] ?? ''
  const bytes = named[0] ?? utf8(id)
  if (controls.test(id) || bytes.length > maxIdBytes) return null
  const isAdded = named.length === 0 && id !== ''
  const rest = ids.length === 0 ? target : withoutParameters(isId, target)
  return { target: rest, rawHeaders: isAdded ? [...rawHeaders, 'Last-Event-ID', bytes] : rawHeaders }
}

/** Encoded or not, the name is at least as long. Whoever asks has shown nothing yet, and thousands of pairs would cost. */
function isId(pair: string): boolean {
  return pair.length >= lastEventIdParameter.length && parametersOf(pair).has(lastEventIdParameter)
}

/** One character a byte, as header values are read: a browser sends an id as UTF-8. */
function utf8(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
}
