/**
 * Class C2: texts that are not quite a ticket, in each carrier, while the ticket that they were made from is good.
 * @module
 */

import type { CorpusClass } from '../corpus-class.ts'
import { type Difference, type HandshakeCase, type HandshakeVerdict, handshakeCase, utf8 } from '../handshake-case.ts'
import { ticketOf } from '../tickets.ts'

type Spelling = readonly [name: string, spell: (ticket: string) => string]

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The last of 43 characters carries four bits: these spell the same bytes (RFC 4648 section 3.5). */
function respelled(by: number): Spelling {
  const spell = (ticket: string) => ticket.slice(0, -1) + alphabet.charAt(alphabet.indexOf(ticket.charAt(46)) + by)
  return [`its last character ${by} further`, spell]
}

/** Begin as tickets do, of characters that a token may have. */
const prefixed: readonly Spelling[] = [
  ...[4, 5, 6, 14, 25, 36, 44, 45, 46].map((length): Spelling => [`its first ${length}`, (t) => t.slice(0, length)]),
  ...['A', '=', '.', '-', '_', '~', '%', '0', 'AA', 'AAAA', "'"]
    .filter((more) => more !== '=')
    .map((more): Spelling => [`it and ${more}`, (t) => `${t}${more}`]),
  ...[100, 500, 1000, 4000, 6000].map((length): Spelling => [`${length} characters`, (t) => t.padEnd(length, 'A')]),
  respelled(1),
  respelled(2),
  respelled(3),
  ['it twice without a space', (t) => `${t}${t}`],
  ['its prefix twice', (t) => `wst_${t}`],
  ['all its letters in capitals', (t) => `wst_${t.slice(4).toUpperCase()}`],
  ['all its letters small', (t) => `wst_${t.slice(4).toLowerCase()}`],
  ['a plus in it', (t) => `${t.slice(0, 20)}+${t.slice(21)}`],
  ['a dot in it', (t) => `${t.slice(0, 20)}.${t.slice(21)}`],
  ['an escape in it', (t) => `${t.slice(0, 20)}%41${t.slice(21)}`],
  ['a hash of it in hexadecimal', () => `wst_${'0123456789abcdef'.repeat(4)}`],
  ['a UUID', () => 'wst_123e4567-e89b-12d3-a456-426614174000'],
  ['a wildcard', () => 'wst_*'],
]

/** Begin otherwise, of characters that a token may have: an application's subprotocol, for all we know. */
const others: readonly Spelling[] = [
  ['without its prefix', (t) => t.slice(4)],
  ['with WST_', (t) => `WST_${t.slice(4)}`],
  ['with Wst_', (t) => `Wst_${t.slice(4)}`],
  ['with wst-', (t) => `wst-${t.slice(4)}`],
  ['with wst.', (t) => `wst.${t.slice(4)}`],
  ['with wst', (t) => `wst${t.slice(4)}`],
  ['with wts_', (t) => `wts_${t.slice(4)}`],
  ['with _wst_', (t) => `_${t}`],
  ['with ticket.', (t) => `ticket.${t}`],
  ['with %77st_', (t) => `%77st_${t.slice(4)}`],
  ['turned round', (t) => Array.from(t).reverse().join('')],
  ['__proto__', () => '__proto__'],
  ['constructor', () => 'constructor'],
  ['null', () => 'null'],
  ['0', () => '0'],
]

/** With a character that no token has. */
const noTokens: readonly Spelling[] = [
  ...['=', '==', '/', '"', '\\', '(', ')', '<', '>', '@', ':', ';', '?', '[', ']', '{', '}'].map(
    (more): Spelling => [`it and ${more}`, (t) => `${t}${more}`],
  ),
  ['a slash in it', (t) => `${t.slice(0, 20)}/${t.slice(21)}`],
  ['a space in it', (t) => `${t.slice(0, 20)} ${t.slice(20)}`],
  ['a tab in it', (t) => `${t.slice(0, 20)}\t${t.slice(20)}`],
  ['in quotes', (t) => `"${t}"`],
  ['in angle brackets', (t) => `<${t}>`],
  ['as a parameter', (t) => `ticket=${t}`],
  ['as JSON', (t) => `{"ticket":"${t}"}`],
]

/** Beyond ASCII. */
const foreign: readonly Spelling[] = [
  ['a full-width w', (t) => `\uff57${t.slice(1)}`],
  ['a Cyrillic A', (t) => `${t.slice(0, 20)}\u0410${t.slice(21)}`],
  ['a zero-width space behind it', (t) => `${t}\u200b`],
  ['a byte order mark before it', (t) => `\ufeff${t}`],
  ['a soft hyphen in it', (t) => `${t.slice(0, 20)}\u00ad${t.slice(20)}`],
  ['a no-break space behind it', (t) => `${t}\u00a0`],
  ['an emoji for a character', (t) => `${t.slice(0, 20)}\u{1f39f}${t.slice(21)}`],
  ['a full-width underscore', (t) => t.replace('_', '\uff3f')],
  ['a combining accent behind it', (t) => `${t}\u0301`],
]

/** Control characters: only the query can carry them. */
const controls: readonly Spelling[] = ['\u0000', '\r', '\n', '\r\n', '\u0008', '\u001b', '\u007f', '\u0085'].flatMap(
  (control): readonly Spelling[] => [
    [`${JSON.stringify(control)} behind it`, (t) => `${t}${control}`],
    [`${JSON.stringify(control)} in it`, (t) => `${t.slice(0, 20)}${control}${t.slice(20)}`],
  ],
)

type Carry = (text: string) => Difference

const bySubprotocol: Carry = (text) => ({ lines: { protocol: `Sec-WebSocket-Protocol: wsticket.v1, ${utf8(text)}` } })
const byAuthorization: Carry = (text) => ({
  lines: { protocol: [], authorization: `Authorization: Ticket ${utf8(text)}` },
})
const byQuery: Carry = (text) => ({
  requestLine: `GET /ws?ticket=${encodeURIComponent(text)} HTTP/1.1`,
  lines: { protocol: [] },
})
const byCookie: Carry = (text) => ({ lines: { protocol: [], cookie: `Cookie: __Host-wsticket=${utf8(text)}` } })

function carried(carrier: string, carry: Carry, verdict: HandshakeVerdict) {
  return ([name, spell]: Spelling): HandshakeCase => {
    const label = `${carrier}: ${name}`
    return handshakeCase(label, verdict, { setting: 'every_carrier', ...carry(spell(ticketOf(label))) })
  }
}

const everything = [...prefixed, ...others, ...noTokens, ...foreign]

const inSubprotocol = [
  ...prefixed.map(carried('subprotocol', bySubprotocol, 'invalid_ticket')),
  ...others.map(carried('subprotocol', bySubprotocol, 'ticket_required')),
  ...[...noTokens, ...foreign].map(carried('subprotocol', bySubprotocol, 'bad_request')),
  carried('subprotocol', bySubprotocol, 'bad_request')(['nothing', () => '']),
]

const inAuthorization = [
  ...everything.map(carried('authorization', byAuthorization, 'invalid_ticket')),
  carried('authorization', byAuthorization, 'invalid_ticket')(['nothing', () => '']),
]

const inQuery = [
  ...[...everything, ...controls].map(carried('query', byQuery, 'invalid_ticket')),
  carried('query', byQuery, 'invalid_ticket')(['nothing', () => '']),
  carried('query', byQuery, 'invalid_ticket')(['encoded twice', (t) => encodeURIComponent(t.replace('_', '%5F'))]),
]

/** Cookies end at a semicolon, and nothing is quoted. */
const inCookie = [
  ...everything.filter(([name]) => name !== 'it and ;').map(carried('cookie', byCookie, 'invalid_ticket')),
  carried('cookie', byCookie, 'invalid_ticket')(['nothing', () => '']),
]

/** Spellings that are a ticket. */
const good: readonly HandshakeCase[] = [
  ...(['subprotocol', 'authorization', 'query', 'cookie'] as const).map((carrier, at) =>
    carried(
      carrier,
      [bySubprotocol, byAuthorization, byQuery, byCookie][at] as Carry,
      'admitted',
    )(['as it is', (t) => t]),
  ),
  carried('subprotocol', bySubprotocol, 'admitted')(['behind more spaces', (t) => `   ${t}`]),
  carried('authorization', byAuthorization, 'admitted')(['behind more spaces', (t) => `   ${t}  `]),
  carried('cookie', byCookie, 'admitted')(['and a semicolon', (t) => `${t};`]),
  carried('cookie', byCookie, 'admitted')(['among other cookies', (t) => `${t}; theme="wst_dark"; a`]),
  carried('cookie', byCookie, 'admitted')(['between tabs', (t) => `\t${t}\t`]),
  handshakeCase('query: every character encoded', 'admitted', {
    setting: 'every_carrier',
    requestLine: `GET /ws?ticket=${Buffer.from(ticketOf('query: every character encoded')).toString('hex').replace(/../g, '%$&')} HTTP/1.1`,
    lines: { protocol: [] },
  }),
]

/** Texts that are not quite a ticket. */
export const ticketSyntax: CorpusClass<HandshakeCase> = {
  name: 'ticket-syntax',
  contents:
    'lengths around 47 and up to 6,000, other prefixes, alphabets and last characters, lookalikes, control characters, in each carrier',
  playedOn: 'adapters `node` and `ws`, gateway',
  good: ['admitted'],
  cases: [...inSubprotocol, ...inAuthorization, ...inQuery, ...inCookie, ...good],
}
