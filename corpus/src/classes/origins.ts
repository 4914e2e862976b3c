/**
 * Class C5: values of Origin (RFC 6454, RFC 6455 section 10.2), with a good ticket.
 * @module
 */
import type { CorpusClass } from '../corpus-class.ts'
import { type HandshakeCase, type HandshakeVerdict, handshakeCase, utf8 } from '../handshake-case.ts'
import { hostileOrigins } from '../hostile-origins.ts'

/** The origins that every setting lists. */
export const listedOrigins = [
  'https://app.example',
  'https://app.example:8443',
  'http://localhost:3000',
  'https://[2001:db8::1]',
] as const

// RFC 9110 section 5.5: what stands around a value is no part of it.
const aroundValues = /^[\t ]+|[\t ]+$/g

/** What becomes of a value on the wire, which is UTF-8 there: the HTTP parser has its say first. */
function verdictOf(origin: string): HandshakeVerdict {
  const value = origin.replace(aroundValues, '')
  // A line end ends the header; what comes behind it is another one, or the end of the head.
  if (/^[^\r\n]+\r\n[\w-]+: /.test(value)) return verdictOf(value.slice(0, value.indexOf('\r\n')))
  if (/[^\t -~\u0080-\u{10ffff}]/u.test(value)) return 'rejected'
  if (/[^ -~]/.test(value)) return 'bad_request'
  return listedOrigins.some((listed) => listed === value) ? 'admitted' : 'forbidden'
}

function withOrigin(origin: string): HandshakeCase {
  return handshakeCase(`Origin ${JSON.stringify(origin)}`, verdictOf(origin), {
    lines: { origin: `Origin: ${utf8(origin)}` },
    finishes: verdictOf(origin) === 'rejected',
  })
}

const authorization = { protocol: [], authorization: 'Authorization: Ticket TICKET' } as const

const inOtherCarriers = ['https://evil.example', 'null', '', 'https://app.example.evil.example'].flatMap((origin) => [
  handshakeCase(`Origin ${JSON.stringify(origin)} beside Authorization`, 'forbidden', {
    lines: { ...authorization, origin: `Origin: ${origin}` },
  }),
  handshakeCase(`Origin ${JSON.stringify(origin)} beside the query`, 'forbidden', {
    setting: 'every_carrier',
    requestLine: 'GET /ws?ticket=TICKET HTTP/1.1',
    lines: { protocol: [], origin: `Origin: ${origin}` },
  }),
  handshakeCase(`Origin ${JSON.stringify(origin)} where programs may have none`, 'forbidden', {
    setting: 'any_client',
    lines: { origin: `Origin: ${origin}` },
  }),
])

const none = [
  handshakeCase('no Origin', 'forbidden', { lines: { origin: [] } }),
  handshakeCase('no Origin, and no ticket', 'forbidden', { lines: { origin: [], protocol: [] } }),
  handshakeCase('no Origin, and the ticket in the query', 'forbidden', {
    setting: 'every_carrier',
    requestLine: 'GET /ws?ticket=TICKET HTTP/1.1',
    lines: { origin: [], protocol: [] },
  }),
  handshakeCase('no Origin beside Authorization', 'admitted', { lines: { ...authorization, origin: [] } }),
  handshakeCase('no Origin where programs may have none', 'admitted', {
    setting: 'any_client',
    lines: { origin: [] },
  }),
  ...['Sec-WebSocket-Origin', 'X-Origin', 'Origin_', 'Referer', 'Access-Control-Request-Origin'].map((name) =>
    handshakeCase(`${name} in place of Origin`, 'forbidden', { lines: { origin: `${name}: https://app.example` } }),
  ),
]

const several = [
  ['https://app.example', 'https://app.example'],
  ['https://app.example', 'https://evil.example'],
  ['https://evil.example', 'https://app.example'],
  ['', 'https://app.example'],
  ['null', 'https://app.example'],
].map((origins) =>
  handshakeCase(`two lines of Origin, ${JSON.stringify(origins)}`, 'rejected', {
    lines: { origin: origins.map((origin) => `Origin: ${origin}`) },
  }),
)

const long = [
  handshakeCase('an Origin of 300 characters', 'forbidden', { lines: { origin: `Origin: ${'a'.repeat(300)}` } }),
  ...[301, 4000].map((length) =>
    handshakeCase(`an Origin of ${length} characters`, 'bad_request', {
      lines: { origin: `Origin: https://app.example${'a'.repeat(length - 19)}` },
    }),
  ),
]

/** Values of Origin. */
export const origins: CorpusClass<HandshakeCase> = {
  name: 'origins',
  contents:
    'other schemes, hosts, ports, cases and paths, userinfo, lookalikes, control characters, none, several, and too long',
  playedOn: 'adapters `node` and `ws`, gateway; the check alone, for every carrier',
  good: ['admitted'],
  cases: [...listedOrigins, ...new Set(hostileOrigins)].map(withOrigin).concat(inOtherCarriers, none, several, long),
}
