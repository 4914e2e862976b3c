/**
 * Class C16: requests for event streams (WHATWG HTML section 9.2), and what is not quite one, each with a good ticket.
 * @module
 */
import type { CorpusClass } from '../corpus-class.ts'
import { eventStreamCase } from '../event-stream-case.ts'
import { type Difference, type HandshakeCase, type HandshakeVerdict, pageOrigin, utf8 } from '../handshake-case.ts'

/** Cases that differ in one header: its lines, or none. */
function headers(
  header: string,
  verdict: HandshakeVerdict,
  values: readonly (string | readonly string[])[],
  { also = '', ...more }: Difference & { readonly also?: string } = {},
): readonly HandshakeCase[] {
  return values.map((value) => {
    const lines = [value].flat().map((text) => `${header}: ${text}`)
    const label = `${header} is ${shortened(JSON.stringify(value))}${also}`
    return eventStreamCase(label, verdict, { ...more, lines: { ...more.lines, [header.toLowerCase()]: lines } })
  })
}

/** Cases that differ in the request-target. */
function targets(verdict: HandshakeVerdict, all: readonly string[]): readonly HandshakeCase[] {
  return all.map((target) =>
    eventStreamCase(`the target ${shortened(target)}`, verdict, { requestLine: `GET ${target} HTTP/1.1` }),
  )
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 60)}... (${text.length} characters)`
}

const accepted: readonly HandshakeCase[] = [
  ...headers('Accept', 'admitted', [
    'text/event-stream',
    'TEXT/Event-Stream',
    'text/event-stream, */*',
    'application/json,text/event-stream',
    'text/event-stream;q=0.9',
    'text/event-stream ; q=1',
    ['application/json', 'text/event-stream'],
  ]),
  ...headers('Accept', 'bad_request', [
    '*/*',
    'text/*',
    'text/html',
    'text/event-streams',
    'text/event-strea',
    'xtext/event-stream',
    'text/event-stream+json',
    'text/ event-stream',
    'text event-stream',
    '"text/event-stream"',
    'q=text/event-stream',
    'text/event-stream\u00a0',
    utf8('text/event\u2010stream'),
    '',
  ]),
  eventStreamCase('no Accept', 'bad_request', { lines: { accept: [] } }),
]

const methods: readonly HandshakeCase[] = [
  'POST',
  'PUT',
  'HEAD',
  'OPTIONS',
  'DELETE',
  'PATCH',
  'get',
  'CONNECT',
  'PRI',
].map((method) =>
  eventStreamCase(`the method ${method}`, 'rejected', { requestLine: `${method} /ws?ticket=TICKET HTTP/1.1` }),
)

const versions: readonly HandshakeCase[] = [
  eventStreamCase('HTTP/1.0, as a proxy asks', 'admitted', { requestLine: 'GET /ws?ticket=TICKET HTTP/1.0' }),
  eventStreamCase('HTTP/1.0 without a Host', 'rejected', {
    requestLine: 'GET /ws?ticket=TICKET HTTP/1.0',
    lines: { host: [] },
  }),
  ...['HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/11', 'http/1.1', 'HTTPS/1.1', ''].map((version) =>
    eventStreamCase(`the version ${JSON.stringify(version)}`, 'rejected', {
      requestLine: `GET /ws?ticket=TICKET ${version}`,
    }),
  ),
]

/** What belongs to a WebSocket makes it two things at once. */
const mixtures: readonly HandshakeCase[] = [
  ...headers('Upgrade', 'bad_request', ['websocket', 'h2c', 'TLS/1.0', '']),
  ...headers('Sec-WebSocket-Key', 'bad_request', ['dGhlIHNhbXBsZSBub25jZQ==', 'a', '']),
  ...headers('Sec-WebSocket-Version', 'bad_request', ['13', '8', '']),
  ...headers('Sec-WebSocket-Protocol', 'bad_request', ['chat.v1', 'wsticket.v1, TICKET', '']),
  ...headers('Sec-WebSocket-Extensions', 'bad_request', ['permessage-deflate', '']),
  ...headers('SEC-WEBSOCKET-Accept', 'bad_request', ['a']),
  eventStreamCase('all of a handshake, and Accept', 'rejected', {
    lines: {
      connection: 'Connection: Upgrade',
      upgrade: 'Upgrade: websocket',
      version: 'Sec-WebSocket-Version: 8',
      key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    },
  }),
]

const bodies: readonly HandshakeCase[] = [
  ...headers('Content-Length', 'rejected', ['5', '1', ['5', '5'], '+5', '0x5'], { behind: 'hello' }),
  ...headers('Transfer-Encoding', 'rejected', ['chunked', 'Chunked', 'gzip', 'identity', 'x, chunked'], {
    behind: '0\r\n\r\n',
  }),
]

/** One line of each of these, or none. */
const multiples: readonly HandshakeCase[] = [
  ...headers('Host', 'rejected', [['ws.example', 'ws.example'], ['ws.example', 'evil.example'], []]),
  ...headers('Origin', 'rejected', [
    [pageOrigin, pageOrigin],
    [pageOrigin, 'https://evil.example'],
    ['https://evil.example', pageOrigin],
  ]),
  ...headers('Sec-Fetch-Site', 'rejected', [
    ['same-origin', 'same-origin'],
    ['same-origin', 'cross-site'],
    ['cross-site', 'same-origin'],
  ]),
  ...headers('Last-Event-ID', 'rejected', [
    ['1', '1'],
    ['1', '2'],
    ['', '2'],
  ]),
  ...headers('Authorization', 'rejected', [
    ['Bearer a', 'Bearer b'],
    ['Ticket TICKET', 'Bearer b'],
  ]),
]

/** A page of the verifier's own origin sends no Origin; only the browser's word stands for it then. */
const sameOrigin: readonly HandshakeCase[] = [
  ...headers('Sec-Fetch-Site', 'admitted', ['same-origin'], { lines: { origin: [] } }),
  ...headers(
    'Sec-Fetch-Site',
    'forbidden',
    ['cross-site', 'same-site', 'none', 'Same-Origin', 'same-origin;a', 'same-origin, same-origin', '?1', ''],
    { lines: { origin: [] } },
  ),
  ...headers('Sec-Fetch-Site', 'forbidden', ['same-origin', 'none'], {
    also: ', and a strange Origin',
    lines: { origin: 'Origin: https://evil.example' },
  }),
  eventStreamCase('no Origin, and no word of the browser', 'forbidden', { lines: { origin: [] } }),
  eventStreamCase('a Referer in place of the Origin', 'forbidden', { lines: { origin: `Referer: ${pageOrigin}/` } }),
]

const origins: readonly HandshakeCase[] = headers('Origin', 'forbidden', [
  'https://evil.example',
  'null',
  '*',
  `${pageOrigin}.evil.example`,
  `${pageOrigin}/`,
  pageOrigin.replace('https', 'http'),
  pageOrigin.toUpperCase(),
])

/** The id of the last event, in its header or as a parameter. */
const lastEvents: readonly HandshakeCase[] = [
  ...headers('Last-Event-ID', 'admitted', ['12', '', 'a b', 'a,b', '%0A', utf8('\u00fc\u6f22'), 'x'.repeat(1024)]),
  ...headers('Last-Event-ID', 'rejected', ['x'.repeat(1025), 'a\u0000b', 'a\u0007b', 'a\u007fb', 'a\rb', 'a\r\n b']),
  ...targets('admitted', [
    '/ws?ticket=TICKET&lastEventId=12',
    '/ws?lastEventId=12&ticket=TICKET',
    '/ws?ticket=TICKET&lastEvent%49d=%C3%BC',
    '/ws?ticket=TICKET&lastEventId=',
    '/ws?ticket=TICKET&lastEventId',
    '/ws?ticket=TICKET&lastEventId=a%09b',
    `/ws?ticket=TICKET&lastEventId=${'x'.repeat(1024)}`,
    '/ws?ticket=TICKET&lasteventid=%00',
  ]),
  ...targets('bad_request', [
    '/ws?ticket=TICKET&lastEventId=1&lastEventId=2',
    '/ws?ticket=TICKET&lastEventId=1&lastEvent%49d=1',
    '/ws?ticket=TICKET&lastEventId=%00',
    '/ws?ticket=TICKET&lastEventId=a%0Ab',
    '/ws?ticket=TICKET&lastEventId=a%0D%0AX-Wsticket-Subject:%20root',
    '/ws?ticket=TICKET&lastEventId=%7F',
    '/ws?ticket=TICKET&lastEventId=%1B%5B31m',
    `/ws?ticket=TICKET&lastEventId=${'x'.repeat(1025)}`,
    `/ws?ticket=TICKET&lastEventId=${'%C3%BC'.repeat(513)}`,
  ]),
]

const targetForms: readonly HandshakeCase[] = targets('rejected', [
  '//ws?ticket=TICKET',
  '/\\ws?ticket=TICKET',
  'http://ws.example/ws?ticket=TICKET',
  'https://app.example/ws?ticket=TICKET',
  'ws?ticket=TICKET',
  '*',
  '/ws?ticket=TICKET#a',
  '/WS?ticket=TICKET',
  '/ws/?ticket=TICKET',
  '/ws/../ws?ticket=TICKET',
  '/%77s?ticket=TICKET',
  '/ws;a?ticket=TICKET',
])

const elsewhere: Difference = { requestLine: 'GET /ws HTTP/1.1' }

/** Which ticket it is, and where it may stand. */
const carriers: readonly HandshakeCase[] = [
  ...headers('Authorization', 'admitted', ['Ticket TICKET', 'ticket TICKET'], elsewhere),
  ...headers('Cookie', 'admitted', ['__Host-wsticket=TICKET', 'a=b; __Host-wsticket=TICKET'], elsewhere),
  ...headers('Sec-WebSocket-Protocol', 'bad_request', ['wsticket.v1,TICKET'], elsewhere),
  ...headers('Cookie', 'ticket_required', ['wsticket=TICKET', '__Host-wsticket2=TICKET'], elsewhere),
  ...headers('Authorization', 'ticket_required', ['Bearer TICKET', 'Basic TICKET'], elsewhere),
  eventStreamCase('no ticket', 'ticket_required', elsewhere),
  eventStreamCase('a ticket in the query, where that carries none', 'ticket_required', { setting: 'ordinary' }),
  ...headers('Cookie', 'ticket_required', ['__Host-wsticket=TICKET'], {
    ...elsewhere,
    setting: 'ordinary',
    also: ', where that carries none',
  }),
  ...targets('bad_request', ['/ws?ticket=TICKET&ticket=TICKET', '/ws?ticket=TICKET&ticket=OTHER']),
  ...headers('Authorization', 'bad_request', ['Ticket TICKET', 'Ticket OTHER'], { also: ', and one in the query' }),
  ...headers('Cookie', 'bad_request', ['__Host-wsticket=TICKET'], { also: ', and one in the query' }),
  ...targets('invalid_ticket', [
    '/ws?ticket=OTHER',
    '/ws?ticket=TICKET.',
    '/ws?ticket=',
    '/ws?ticket=wst_*',
    '/ws?ticket=__proto__',
  ]),
]

const tooMuch: readonly HandshakeCase[] = [
  eventStreamCase('101 lines', 'rejected', { lines: { more: Array.from({ length: 98 }, (_, at) => `X-A-${at}: a`) } }),
  eventStreamCase('1,100 lines, which push the Origin out of sight', 'rejected', {
    lines: { origin: [...Array.from({ length: 1100 }, () => 'a:'), 'Origin: https://evil.example'] },
  }),
  eventStreamCase('a line of 9,000 bytes', 'rejected', { lines: { more: `X-A: ${'a'.repeat(9000)}` } }),
  eventStreamCase('a target of 9,000 bytes', 'rejected', {
    requestLine: `GET /ws?ticket=TICKET&a=${'a'.repeat(9000)} HTTP/1.1`,
  }),
  eventStreamCase('a name that is no token', 'rejected', { lines: { more: 'X A: a' } }),
  eventStreamCase('a line that goes on in the next', 'rejected', { lines: { more: ['X-A: a', ' b'] } }),
  eventStreamCase('a line without a colon', 'rejected', { lines: { more: 'X-A' } }),
]

/** The class. */
export const eventStreams: CorpusClass<HandshakeCase> = {
  name: 'event-streams',
  contents:
    'Requests for event streams with a good ticket: Accept, method, version, what belongs to a WebSocket, bodies, repeated headers, the word of the browser, the id of the last event, carriers',
  playedOn: 'the adapter for `node:http`, the gateway',
  good: ['admitted'],
  cases: [
    ...accepted,
    ...methods,
    ...versions,
    ...mixtures,
    ...bodies,
    ...multiples,
    ...sameOrigin,
    ...origins,
    ...lastEvents,
    ...targetForms,
    ...carriers,
    ...tooMuch,
  ],
}
