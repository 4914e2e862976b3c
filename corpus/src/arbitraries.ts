/**
 * Random inputs for parsers: mostly what is nearly right, for what is wholly wrong is refused at its first character.
 * @module
 */
import fc from 'fast-check'
import type { Lock, Opening, Subject, TicketId, TicketRecord } from 'wsticket'

/** UTF-16 of any kind. */
export const anyText: fc.Arbitrary<string> = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string())

const scraps: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.constantFrom(
    '',
    ',',
    ' ',
    '\t',
    '%',
    '/',
    '\\',
    ':',
    '.',
    '0',
    '=',
    '&',
    ';',
    '"',
    '\r\n',
    '\u0000',
    '\u00a0',
    '__proto__',
  ),
)

/** One of these texts, or what is left when parts of it were replaced, taken away, or put in twice. */
export function near(...texts: readonly [string, ...string[]]): fc.Arbitrary<string> {
  const edit = fc.tuple(fc.nat(200), fc.nat(4), scraps)
  return fc.tuple(fc.constantFrom(...texts), fc.array(edit, { maxLength: 3 })).map(([text, edits]) =>
    edits.reduce((edited, [place, length, scrap]) => {
      const at = place % (edited.length + 1)
      return edited.slice(0, at) + scrap + edited.slice(at + length)
    }, text),
  )
}

const ticket = `wst_${'A'.repeat(43)}`

type Line = readonly [name: string, value: string]

const handshakeLines: readonly Line[] = [
  ['Host', 'ws.example'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Origin', 'https://app.example'],
]

const eventStreamLines: readonly Line[] = [
  ['Host', 'ws.example'],
  ['Accept', 'text/event-stream'],
  ['Sec-Fetch-Site', 'same-origin'],
]

const moreLines: fc.Arbitrary<Line> = fc.oneof(
  fc.tuple(fc.constant('Authorization'), near(`Ticket ${ticket}`, 'Bearer a', 'Ticket')),
  fc.tuple(fc.constant('Cookie'), near(`a=b; __Host-wsticket=${ticket}`, '__Host-wsticket="a"', 'a', '; ;')),
  fc.tuple(fc.constant('X-Forwarded-For'), near('192.0.2.7, 10.0.0.1')),
  fc.tuple(near('X-Any', 'Cookie', 'Content-Length', 'Transfer-Encoding', 'Host'), near('a', '0', 'chunked')),
)

const protocolLines: fc.Arbitrary<Line> = fc.tuple(
  fc.constant('Sec-WebSocket-Protocol'),
  near(`wsticket.v1, ${ticket}`, 'chat.v1', 'a, b, a', ticket),
)

const idLines: fc.Arbitrary<Line> = fc.tuple(fc.constant('Last-Event-ID'), near('12', 'a b', '\u00e9'))

/** Requests, most of them well formed but for one thing or two. */
function requestsLike(
  lines: readonly Line[],
  more: fc.Arbitrary<Line>,
  targets: fc.Arbitrary<string>,
): fc.Arbitrary<Opening> {
  const values = lines.map(([, value]) => value) as [string]
  const spoilt = fc.option(fc.tuple(fc.nat(lines.length - 1), near(...values)), { freq: 4 })
  return fc.record({
    method: fc.oneof({ weight: 20, arbitrary: fc.constant('GET') }, { weight: 1, arbitrary: near('GET', 'POST') }),
    httpVersion: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom('1.1', null) },
      { weight: 1, arbitrary: near('1.1', '1.0') },
    ),
    target: targets,
    rawHeaders: fc
      .tuple(fc.array(more, { maxLength: 4 }), spoilt)
      .map(([others, spoil]) =>
        [...lines.map(([name, value], at) => [name, spoil?.[0] === at ? spoil[1] : value]), ...others].flat(),
      ),
    peerAddress: fc.constantFrom('192.0.2.7', null),
  })
}

/** Opening handshakes. */
export const openings: fc.Arbitrary<Opening> = requestsLike(
  handshakeLines,
  fc.oneof(moreLines, protocolLines),
  fc.oneof(fc.constant('/ws'), near(`/ws?ticket=${ticket}`, '/ws?a=b&ticket=', '/', '//ws', '/ws?%74icket=a')),
)

const eventStreamTargets = fc.oneof(
  fc.constantFrom(
    '/ws',
    '/ws?lastEventId=7&a=b',
    '/ws?lastEvent%49d=%C3%BC',
    '/ws?a&lastEventId=%0D%0Aa',
    '/ws?lastEventId=%7f',
  ),
  near('/ws?lastEventId=7&a=b', '/ws?a=b&lastEvent%49d=%C3%BC&lastEventId=', `/ws?ticket=${ticket}`),
)

/** Requests for event streams. */
export const eventStreamRequests: fc.Arbitrary<Opening> = requestsLike(
  eventStreamLines,
  fc.oneof(moreLines, idLines),
  eventStreamTargets,
)

const instants = fc.maxSafeInteger().map((instant) => instant as TicketRecord['expiresAt'])

/** Records as an issuer writes them. */
export const records: fc.Arbitrary<TicketRecord> = fc.record({
  id: fc.constant('BKwS2iqOpCW_Yv4MKARwZny2KRFgqLWsVHguZVFm7xA' as TicketId),
  subject: fc.webUrl({ withFragments: false }).map((name) => `https://id.example#${name}` as Subject),
  audience: anyText,
  claims: fc.constantFrom({}, { plan: 'pro' }, { nested: [{ a: null }] }),
  clientAddress: fc.option(anyText),
  origin: fc.option(anyText),
  lock: fc.option(fc.constant('BKwS2iqOpCW_Yv4MKARwZny2KRFgqLWsVHguZVFm7xA' as Lock)),
  issuedAt: instants,
  expiresAt: instants,
  sessionExpiresAt: fc.option(instants),
})
