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

const goodLines: readonly (readonly [name: string, value: string])[] = [
  ['Host', 'ws.example'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Origin', 'https://app.example'],
]

const moreLines: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.tuple(fc.constant('Sec-WebSocket-Protocol'), near(`wsticket.v1, ${ticket}`, 'chat.v1', 'a, b, a', ticket)),
  fc.tuple(fc.constant('Authorization'), near(`Ticket ${ticket}`, 'Bearer a', 'Ticket')),
  fc.tuple(fc.constant('Cookie'), near(`a=b; __Host-wsticket=${ticket}`, '__Host-wsticket="a"', 'a', '; ;')),
  fc.tuple(fc.constant('X-Forwarded-For'), near('192.0.2.7, 10.0.0.1')),
  fc.tuple(near('X-Any', 'Cookie', 'Content-Length', 'Transfer-Encoding', 'Host'), near('a', '0', 'chunked')),
)

/** Opening handshakes, most of them well formed but for one thing or two. */
export const openings: fc.Arbitrary<Opening> = fc.record({
  method: fc.oneof({ weight: 20, arbitrary: fc.constant('GET') }, { weight: 1, arbitrary: near('GET', 'POST') }),
  httpVersion: fc.oneof({ weight: 20, arbitrary: fc.constantFrom('1.1', null) }, { weight: 1, arbitrary: near('1.1') }),
  target: fc.oneof(fc.constant('/ws'), near(`/ws?ticket=${ticket}`, '/ws?a=b&ticket=', '/', '//ws', '/ws?%74icket=a')),
  rawHeaders: fc
    .tuple(
      fc.array(moreLines, { maxLength: 4 }),
      fc.option(fc.tuple(fc.nat(goodLines.length - 1), near(...(goodLines.map(([, value]) => value) as [string]))), {
        freq: 4,
      }),
    )
    .map(([more, spoilt]) =>
      [...goodLines.map(([name, value], at) => [name, spoilt?.[0] === at ? spoilt[1] : value]), ...more].flat(),
    ),
  peerAddress: fc.constantFrom('192.0.2.7', null),
})

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
