/**
 * Framing (RFC 9112 sections 2.2, 5 and 6): bodies, line ends, folded lines, repeated lines, and how much is too much.
 * @module
 */
import { type HandshakeCase, type HandshakeVerdict, handshakeCase, type Lines, linesWith } from './handshake-case.ts'

/** Lines of headers that nobody looks at. */
const junk = (count: number) => Array.from({ length: count }, (_, at) => `x${at % 10}: `)

function more(name: string, verdict: HandshakeVerdict, ...lines: readonly string[]): HandshakeCase {
  return handshakeCase(name, verdict, { lines: { more: lines } })
}

const bodies = [
  more('Content-Length 0', 'admitted', 'Content-Length: 0'),
  ...['00', '0x0', '+0', '-0', '-1', '1', '5', '0, 0', '0 0', '99999999999999999999', 'a', '0;', '"0"'].map((length) =>
    more(`Content-Length ${length}`, 'rejected', `Content-Length: ${length}`),
  ),
  ...['chunked', 'CHUNKED', 'identity', 'gzip', 'gzip, chunked', 'chunked, gzip', 'xchunked', 'chunked;q=1', ''].map(
    (coding) => more(`Transfer-Encoding ${JSON.stringify(coding)}`, 'rejected', `Transfer-Encoding: ${coding}`),
  ),
  more('Content-Length and Transfer-Encoding', 'rejected', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
  more('Transfer-Encoding and Content-Length', 'rejected', 'Transfer-Encoding: chunked', 'Content-Length: 0'),
  more('Transfer-Encoding before a tab', 'rejected', 'Transfer-Encoding:\tchunked'),
  more('Transfer_Encoding, which is none', 'admitted', 'Transfer_Encoding: chunked'),
]

const bodiesThatCome = ['hello', '5\r\nhello\r\n0\r\n\r\n', 'GET /ws HTTP/1.1\r\nHost: ws.example\r\n\r\n'].flatMap(
  (behind, at) => [
    handshakeCase(`a body with its length, number ${at}`, 'rejected', {
      lines: { more: `Content-Length: ${behind.length}` },
      behind,
    }),
    handshakeCase(`a body in chunks, number ${at}`, 'rejected', {
      lines: { more: 'Transfer-Encoding: chunked' },
      behind,
    }),
  ],
)

/** The head of a good handshake whose lines end otherwise. */
function ended(name: string, verdict: HandshakeVerdict, change: (head: string) => string): HandshakeCase {
  const good = handshakeCase(name, verdict, { finishes: verdict !== 'admitted' })
  return { ...good, bytes: change(good.bytes) }
}

const lineEnds = [
  ended('bare LF everywhere', 'rejected', (head) => head.replaceAll('\r\n', '\n')),
  ended('bare CR everywhere', 'rejected', (head) => head.replaceAll('\r\n', '\r')),
  ended('LF CR everywhere', 'rejected', (head) => head.replaceAll('\r\n', '\n\r')),
  ended('CR CR LF everywhere', 'rejected', (head) => head.replaceAll('\r\n', '\r\r\n')),
  ended('bare LF behind the request line', 'rejected', (head) => head.replace('\r\n', '\n')),
  ended('bare CR behind the request line', 'rejected', (head) => head.replace('\r\n', '\r')),
  ended('bare LF behind Host', 'rejected', (head) => head.replace('ws.example\r\n', 'ws.example\n')),
  ended('bare CR behind Host', 'rejected', (head) => head.replace('ws.example\r\n', 'ws.example\r')),
  ended('bare LF before the end', 'rejected', (head) => `${head.slice(0, -4)}\n\r\n`),
  ended('NUL before the end', 'rejected', (head) => `${head.slice(0, -4)}\u0000\r\n\r\n`),
  ended('no end', 'rejected', (head) => head.slice(0, -2)),
  ended('the request line alone', 'rejected', (head) => head.slice(0, head.indexOf('\r\n') + 2)),
  ended('half of a header', 'rejected', (head) => head.slice(0, 60)),
  ended('nothing', 'rejected', () => ''),
  ended('an empty line', 'rejected', () => '\r\n'),
  ended('TLS', 'rejected', () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'),
  ended('HTTP/2 with prior knowledge', 'rejected', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  ended('the PROXY protocol', 'rejected', (head) => `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${head}`),
]

const bases = ['host', 'connection', 'upgrade', 'version', 'key', 'origin', 'protocol'] as const

function changed(header: (typeof bases)[number], change: (line: string) => string | readonly string[]): Lines {
  const line = linesWith('TICKET')[bases.indexOf(header)] as string
  return { [header]: change(line) }
}

const spoiltLines = bases.flatMap((header) => [
  handshakeCase(`a space before the colon of ${header}`, 'rejected', {
    lines: changed(header, (line) => line.replace(':', ' :')),
  }),
  handshakeCase(`${header} folded`, 'rejected', { lines: changed(header, (line) => line.replace(': ', ':\r\n ')) }),
  handshakeCase(`a folded line behind ${header}`, 'rejected', { lines: changed(header, (line) => [line, '\tmore']) }),
  handshakeCase(`${header} without its colon`, 'rejected', {
    lines: changed(header, (line) => line.replace(':', '')),
  }),
  handshakeCase(`${header} with a space before it`, 'rejected', { lines: changed(header, (line) => ` ${line}`) }),
])

const single = ['host', 'upgrade', 'version', 'key', 'origin'] as const

const repeated = [
  ...single.flatMap((header) => [
    handshakeCase(`${header} twice`, 'rejected', { lines: changed(header, (line) => [line, line]) }),
    handshakeCase(`${header} twice, in another case`, 'rejected', {
      lines: changed(header, (line) => [line, line.replace(/^[^:]+/, (name) => name.toUpperCase())]),
    }),
    handshakeCase(`${header} and an empty one`, 'rejected', {
      lines: changed(header, (line) => [line, line.replace(/:.*/, ':')]),
    }),
  ]),
  more('Authorization twice', 'bad_request', 'Authorization: Basic YTpi', 'Authorization: Basic YTpi'),
  more('Content-Length twice', 'rejected', 'Content-Length: 0', 'Content-Length: 0'),
  more('Transfer-Encoding twice', 'rejected', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  // Lists, and headers that nothing is decided by: two lines are as good as one (RFC 9110 section 5.3).
  ...['Cookie: a=b', 'Forwarded: for=192.0.2.1', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: https'].map((line) =>
    more(`${line} twice`, 'admitted', line, line),
  ),
  ...['X-Real-IP: 192.0.2.1', 'User-Agent: a', 'Accept-Language: de', 'Sec-WebSocket-Extensions: x-a'].map((line) =>
    more(`${line} twice`, 'admitted', line, line),
  ),
]

const limits = [
  ...[90, 92, 93].map((count) => more(`${count + 7} header lines`, 'admitted', ...junk(count))),
  ...[94, 95, 143, 293, 985, 986, 990].map((count) => more(`${count + 7} header lines`, 'bad_request', ...junk(count))),
  // Newer Nodes refuse more than a thousand by themselves.
  ...[993, 994, 1000, 1100, 1500, 2100].map((count) => more(`${count + 7} header lines`, 'rejected', ...junk(count))),
  more('a head of 7 KiB', 'admitted', `X-Long: ${'a'.repeat(6800)}`),
  ...[9, 16, 64, 1024].map((kib) => more(`a head of ${kib} KiB`, 'rejected', `X-Long: ${'a'.repeat(kib * 1024)}`)),
  more('a header name of 9 KiB', 'rejected', `${'a'.repeat(9 * 1024)}: 1`),
  handshakeCase('a target of 9 KiB', 'rejected', { requestLine: `GET /ws?${'a'.repeat(9 * 1024)} HTTP/1.1` }),
]

/** Every case of framing. */
export const framingCases: readonly HandshakeCase[] = [
  ...bodies,
  ...bodiesThatCome,
  ...lineEnds,
  ...spoiltLines,
  ...repeated,
  ...limits,
]
