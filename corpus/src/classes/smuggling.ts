/**
 * Class C13: an upstream that answers something else than 101, and a client that sends more than a handshake. Nothing of the one
 * may pass for the other (CVE-2026-2833).
 * @module
 */
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'

/**
 * A handshake through the gateway, with {@link smuggled} right behind it.
 * - `tunnelled`: the client gets a 101, and the upstream what is behind the handshake, but not before its own 101.
 * - `unavailable`, `timed_out`: the client gets 502 or 504 of the gateway's own, and the upstream nothing but the head.
 * - `rejected`: the client gets 4xx or nothing, and the upstream hears of nothing.
 */
export interface SmugglingCase extends CorpusCase {
  readonly verdict: 'tunnelled' | 'unavailable' | 'timed_out' | 'rejected'
  /** What the upstream answers, as Latin-1. `ACCEPT` stands for the right Sec-WebSocket-Accept. */
  readonly reply: string
  /** Whether the upstream closes behind its answer. */
  readonly closes: boolean
  /** Header lines of the client besides those of a good handshake. */
  readonly lines: readonly string[]
}

/** A request that stands right behind every handshake. */
export const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: upstream\r\nX-Wsticket-Subject: mallory\r\n\r\n'

/** What no client may ever get to see of a reply that is none. */
export const internal = 'internal.example'

const goodLines = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: ACCEPT']

const head = (statusLine: string, ...lines: readonly string[]) => `${[statusLine, ...lines].join('\r\n')}\r\n\r\n`

const switching = (...lines: readonly string[]) => head('HTTP/1.1 101 Switching Protocols', ...lines)

function replies(verdict: SmugglingCase['verdict'], named: { readonly [name: string]: string }, closes = false) {
  return Object.entries(named).map(([name, reply]): SmugglingCase => ({ name, verdict, reply, closes, lines: [] }))
}

const statuses = [
  200, 201, 202, 204, 205, 206, 226, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408,
]
const moreStatuses = [
  409, 410, 411, 413, 414, 415, 418, 421, 422, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511, 599, 600,
  999,
]

const refusals = [...statuses, ...moreStatuses].flatMap((status) =>
  replies('unavailable', {
    [`${status} with a body`]: `${head(`HTTP/1.1 ${status} Any`, `Content-Length: 16`, `Location: http://${internal}/`, 'Set-Cookie: a=b')}${internal}`,
  }),
)

const refusalsInDisguise = replies('unavailable', {
  '200 that says it upgrades': head('HTTP/1.1 200 OK', ...goodLines),
  '426 with the headers of a 101': head('HTTP/1.1 426 Upgrade Required', ...goodLines, 'Content-Length: 0'),
  '200 in chunks, and never ending': `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`,
  '200 with two answers in one': `${head('HTTP/1.1 200 OK', 'Content-Length: 0')}${switching(...goodLines)}`,
  '200 with two lengths': `${head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Content-Length: 5')}hello`,
  '200 with length and chunks': `${head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
})

const broken101 = replies('unavailable', {
  '101 without anything': switching(),
  '101 without Accept': switching('Upgrade: websocket', 'Connection: Upgrade'),
  '101 with an empty Accept': switching('Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept:'),
  '101 with the Accept of another key': switching(
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo-',
  ),
  '101 with Accept in quotes': switching('Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: "ACCEPT"'),
  '101 with two Accepts': switching(...goodLines, 'Sec-WebSocket-Accept: ACCEPT'),
  '101 with a list of Accepts': switching(
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Accept: ACCEPT, a',
  ),
  '101 without Upgrade': switching('Connection: Upgrade', 'Sec-WebSocket-Accept: ACCEPT'),
  '101 with h2c': switching('Upgrade: h2c', 'Connection: Upgrade', 'Sec-WebSocket-Accept: ACCEPT'),
  '101 with two protocols to upgrade to': switching(
    'Upgrade: websocket, h2c',
    'Connection: Upgrade',
    'Sec-WebSocket-Accept: ACCEPT',
  ),
  '101 with two lines of Upgrade': switching(...goodLines, 'Upgrade: h2c'),
  '101 without Connection': switching('Upgrade: websocket', 'Sec-WebSocket-Accept: ACCEPT'),
  '101 that closes': switching('Upgrade: websocket', 'Connection: close', 'Sec-WebSocket-Accept: ACCEPT'),
  '101 with a subprotocol that nobody offered': switching(...goodLines, 'Sec-WebSocket-Protocol: evil.v1'),
  '101 with the subprotocol of ours': switching(...goodLines, 'Sec-WebSocket-Protocol: wsticket.v1'),
  '101 with two subprotocols': switching(...goodLines, 'Sec-WebSocket-Protocol: chat.v1, chat.v1'),
  '101 with two lines of subprotocols': switching(
    ...goodLines,
    'Sec-WebSocket-Protocol: chat.v1',
    'Sec-WebSocket-Protocol: chat.v1',
  ),
  '101 with an empty subprotocol': switching(...goodLines, 'Sec-WebSocket-Protocol:'),
  '101 with an extension that nobody offered': switching(...goodLines, 'Sec-WebSocket-Extensions: permessage-deflate'),
  '101 with several extensions that nobody offered': switching(...goodLines, 'Sec-WebSocket-Extensions: x-a, x-b; c=d'),
  '101 of HTTP/1.0': head('HTTP/1.0 101 Switching Protocols', ...goodLines),
})

const noAnswers = [
  ...replies('unavailable', {
    'a folded line': switching(...goodLines, 'X-Folded: a', ' b').replace('X-Folded: a\r\n b', 'X-Folded\r\n : a'),
    'a line without a colon': switching(...goodLines, 'nothing'),
    'a space before a colon': switching('Upgrade : websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: ACCEPT'),
    'NUL in a value': switching(...goodLines, 'X-Null: a\u0000b'),
    'NUL in a name': switching(...goodLines, 'X\u0000: a'),
    'HTTP/2': head('HTTP/2.0 101 Switching Protocols', ...goodLines),
    'http in small letters': head('http/1.1 101 Switching Protocols', ...goodLines),
    'no HTTP at all': 'SSH-2.0-OpenSSH_9.2\r\n',
    'the preface of HTTP/2': '\u0000\u0000\u0012\u0004\u0000\u0000\u0000\u0000\u0000',
    TLS: '\u0015\u0003\u0001\u0000\u0002\u0002\u0046\r\n\r\n',
    'a status of one digit': head('HTTP/1.1 1 Any', ...goodLines),
    'a status of four digits': head('HTTP/1.1 1010 Any', ...goodLines),
    'a status that is no number': head('HTTP/1.1 OK', ...goodLines),
    'a head of 128 KiB': switching(...goodLines, `X-Long: ${'a'.repeat(128 * 1024)}`),
  }),
  ...replies(
    'unavailable',
    { nothing: '', 'half of a status line': 'HTTP/1.1 10', 'half of a head': 'HTTP/1.1 101 Any\r\nUpgrade: web' },
    true,
  ),
  ...replies('timed_out', {
    silence: '',
    '100 and silence': head('HTTP/1.1 100 Continue'),
    '102 and silence': head('HTTP/1.1 102 Processing'),
    '103 and silence': head('HTTP/1.1 103 Early Hints', 'Link: </a>; rel=preload'),
    'half of a head and silence': 'HTTP/1.1 101 Any\r\nUpgrade: web',
  }),
]

const good = replies('tunnelled', {
  'a good 101': switching(...goodLines),
  'a 101 in other cases': switching('UPGRADE: WebSocket', 'connection: upgrade', 'sec-websocket-accept: ACCEPT'),
  'a 101 whose Connection says more': switching(
    'Upgrade: websocket',
    'Connection: keep-alive, Upgrade',
    'Sec-WebSocket-Accept: ACCEPT',
  ),
  'a 101 with a subprotocol that was offered': switching(...goodLines, 'Sec-WebSocket-Protocol: chat.v1'),
  'a 101 without a reason': head('HTTP/1.1 101 ', ...goodLines),
  'a 101 behind a 103': `${head('HTTP/1.1 103 Early Hints')}${switching(...goodLines)}`,
  'a 101 with headers of its own': switching(...goodLines, 'X-Any: a', 'Set-Cookie: a=b', 'Set-Cookie: c=d'),
})

const agreed: readonly SmugglingCase[] = replies('tunnelled', {
  'a 101 with an extension that was offered': switching(
    ...goodLines,
    'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover',
  ),
}).map((one) => ({ ...one, lines: ['Sec-WebSocket-Extensions: x-other, permessage-deflate; client_max_window_bits'] }))

const bodies: readonly SmugglingCase[] = [
  ['Content-Length: 5'],
  ['Content-Length: 0', 'Content-Length: 84'],
  [`Content-Length: ${smuggled.length}`],
  ['Content-Length: 84, 0'],
  ['Content-Length: +84'],
  ['Transfer-Encoding: chunked'],
  ['Transfer-Encoding: chunked', 'Content-Length: 84'],
  ['Content-Length: 84', 'Transfer-Encoding: chunked'],
  ['Transfer-Encoding: identity'],
  ['Transfer-Encoding: xchunked'],
  ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
  ['Transfer-Encoding : chunked'],
  ['Transfer-Encoding:\u000bchunked'],
  ['X: y\nTransfer-Encoding: chunked'],
  ['X: y\rTransfer-Encoding: chunked'],
  ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
  ['Expect: 100-continue', 'Content-Length: 84'],
].map((lines) => ({
  name: `a handshake with ${JSON.stringify(lines)}`,
  verdict: 'rejected' as const,
  reply: switching(...goodLines),
  closes: false,
  lines,
}))

/** An upstream that answers otherwise, and a client that sends more. */
export const smuggling: CorpusClass<SmugglingCase> = {
  name: 'smuggling',
  contents:
    '47 statuses that are no 101, 101s that do not belong to the handshake, replies that are no HTTP, silence; bodies, chunks and second requests behind a handshake',
  playedOn: 'the gateway, in front of an upstream that answers with these bytes',
  good: ['tunnelled'],
  cases: [...refusals, ...refusalsInDisguise, ...broken101, ...noAnswers, ...good, ...agreed, ...bodies],
}
