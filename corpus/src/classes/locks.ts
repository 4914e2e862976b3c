/**
 * Class C14: what is shown for the key of a locked ticket, which is how wsticket proves possession. Beside it stands the ticket itself,
 * as a thief would have it.
 * @module
 */
import { createHash } from 'node:crypto'
import type { CorpusClass } from '../corpus-class.ts'
import { type Difference, type HandshakeCase, type HandshakeVerdict, handshakeCase, utf8 } from '../handshake-case.ts'
import { keyOf } from '../tickets.ts'

/** How a ticket and what is shown for its key travel; null: no key at all. */
type Carry = (key: string | null) => Difference

const protocolLine = (...entries: readonly (string | null)[]) =>
  `Sec-WebSocket-Protocol: ${entries.filter((entry) => entry !== null).join(', ')}`

const carriers: { readonly [name: string]: Carry } = {
  subprotocol: (key) => ({ lines: { protocol: protocolLine('wsticket.v1', 'TICKET', key) } }),
  authorization: (key) => ({
    lines: { protocol: [], authorization: `Authorization: Ticket TICKET${key === null ? '' : `.${key}`}` },
  }),
  query: (key) => ({
    requestLine: `GET /ws?ticket=TICKET${key === null ? '' : `&key=${encoded(key)}`} HTTP/1.1`,
    lines: { protocol: [] },
  }),
  cookie: (key) => ({
    lines: { protocol: protocolLine('wsticket.v1', key), cookie: 'Cookie: __Host-wsticket=TICKET' },
  }),
}

/** Of the bytes of a text, whatever they are. */
function encoded(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex').replaceAll(/../g, '%$&')
}

/** A key that is well formed and opens another lock, or none: the ticket is spent, and nobody is admitted. */
const wrong: readonly (readonly [name: string, show: (key: string, label: string) => string | null])[] = [
  ['nothing', () => null],
  ['the key of another ticket', (_, label) => keyOf(`${label}, another`)],
  ['32 zero bytes', () => `wsk_${'A'.repeat(43)}`],
  ['32 bytes of 0xff', () => `wsk_${'_'.repeat(42)}8`],
  ['the lock', (key) => `wsk_${digest(key)}`],
  ['the lock of the lock', (key) => `wsk_${digest(digest(key))}`],
  ['the SHA-256 of its bytes', (key) => `wsk_${digest(Buffer.from(key.slice(4), 'base64url'))}`],
  ['the key but for its first character', (key) => `wsk_${changed(key.charAt(4))}${key.slice(5)}`],
  ['the key but for its 20th character', (key) => `${key.slice(0, 23)}${changed(key.charAt(23))}${key.slice(24)}`],
  ['the key backwards', (key) => `wsk_${Buffer.from(key.slice(4), 'base64url').reverse().toString('base64url')}`],
]

/** What is no key: a handshake that is none of ours. The store is not asked, and the ticket is still good. */
const malformed: readonly (readonly [name: string, show: (key: string) => string])[] = [
  ['the bare prefix', () => 'wsk_'],
  ['the key without its last character', (key) => key.slice(0, -1)],
  ['half of the key', (key) => key.slice(0, 25)],
  ['the key and a character', (key) => `${key}A`],
  ['the key twice', (key) => `${key}${key}`],
  ['its prefix twice', (key) => `wsk_${key}`],
  ['the key and a dot', (key) => `${key}.`],
  ['the key and ~', (key) => `${key}~`],
  ['a plus in the key', (key) => `${key.slice(0, 20)}+${key.slice(21)}`],
  ['an escape in the key', (key) => `${key.slice(0, 20)}%41${key.slice(21)}`],
  ['a last character that spells the same bytes', (key) => key.slice(0, -1) + respelled(key.charAt(46))],
  ['the key in hexadecimal', (key) => `wsk_${Buffer.from(key.slice(4), 'base64url').toString('hex')}`],
  ['2,000 characters', () => `wsk_${'A'.repeat(1996)}`],
  ['a prefix and a wildcard', () => 'wsk_*'],
  ['the key and =', (key) => `${key}=`],
  ['the key and /', (key) => `${key}/`],
  ['a space in the key', (key) => `${key.slice(0, 20)} ${key.slice(20)}`],
  ['the key and a semicolon', (key) => `${key};`],
  ['the key and a quote', (key) => `${key}"`],
  ['a Cyrillic A in the key', (key) => utf8(`${key.slice(0, 20)}\u0410${key.slice(21)}`)],
  ['a no-break space behind the key', (key) => utf8(`${key}\u00a0`)],
]

function digest(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url')
}

function changed(character: string): string {
  return character === 'A' ? 'B' : 'A'
}

/** The last of 43 characters carries four bits (RFC 4648 section 3.5). */
function respelled(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 1)
}

/** A handshake with a ticket that the key of its label locks. */
function locked(
  label: string,
  verdict: HandshakeVerdict,
  differ: (key: string) => Difference,
  more: { readonly spends?: boolean } = {},
): HandshakeCase {
  const key = keyOf(label)
  return handshakeCase(label, verdict, { setting: 'every_carrier', key, ...differ(key), ...more })
}

const inEachCarrier = Object.entries(carriers).flatMap(([carrier, carry]): readonly HandshakeCase[] => {
  const label = (name: string) => `${carrier}: ${name}`
  return [
    locked(label('the key'), 'admitted', carry),
    ...wrong.map(([name, show]) =>
      locked(label(name), 'invalid_ticket', (key) => carry(show(key, label(name))), { spends: true }),
    ),
    ...malformed.map(([name, show]) => locked(label(name), 'bad_request', (key) => carry(show(key)))),
    handshakeCase(label('a key, and the ticket is not locked'), 'invalid_ticket', {
      setting: 'every_carrier',
      spends: true,
      ...carry(keyOf('of no ticket')),
    }),
    handshakeCase(label('no key, and the ticket is not locked'), 'admitted', {
      setting: 'every_carrier',
      ...carry(null),
    }),
  ]
})

/** The key where the ticket is not, or more keys than one. */
const misplaced: readonly HandshakeCase[] = [
  locked('the ticket in the protocols, its key in the query', 'bad_request', (key) => ({
    requestLine: `GET /ws?key=${key} HTTP/1.1`,
  })),
  locked('the ticket in the query, its key in the protocols', 'bad_request', (key) => ({
    requestLine: 'GET /ws?ticket=TICKET HTTP/1.1',
    lines: { protocol: protocolLine('wsticket.v1', key) },
  })),
  locked('the ticket in Authorization, its key in the protocols', 'bad_request', (key) => ({
    lines: { protocol: protocolLine('wsticket.v1', key), authorization: 'Authorization: Ticket TICKET' },
  })),
  locked('the ticket in the cookie, its key in the query', 'bad_request', (key) => ({
    requestLine: `GET /ws?key=${key} HTTP/1.1`,
    lines: { protocol: protocolLine('wsticket.v1'), cookie: 'Cookie: __Host-wsticket=TICKET' },
  })),
  locked('the ticket and its key in the cookie', 'invalid_ticket', (key) => ({
    lines: { protocol: protocolLine('wsticket.v1'), cookie: `Cookie: __Host-wsticket=TICKET.${key}` },
  })),
  locked('the key in another cookie', 'invalid_ticket', inAnotherCookie, { spends: true }),
  locked('the key twice among the protocols', 'bad_request', (key) => ({
    lines: { protocol: protocolLine('wsticket.v1', 'TICKET', key, key) },
  })),
  locked('the key, and another behind it', 'bad_request', (key) => ({
    lines: { protocol: protocolLine('wsticket.v1', 'TICKET', key, keyOf('another')) },
  })),
  locked('the key behind another', 'bad_request', (key) => ({
    lines: { protocol: protocolLine('wsticket.v1', 'TICKET', keyOf('another'), key) },
  })),
  locked('the key among the protocols and in the query', 'bad_request', (key) => ({
    requestLine: `GET /ws?key=${key} HTTP/1.1`,
    lines: { protocol: protocolLine('wsticket.v1', 'TICKET', key) },
  })),
  locked('the key twice in the query', 'bad_request', (key) => ({
    requestLine: `GET /ws?ticket=TICKET&key=${key}&key=${key} HTTP/1.1`,
    lines: { protocol: [] },
  })),
  locked('the key twice in Authorization', 'bad_request', (key) => ({
    lines: { protocol: [], authorization: `Authorization: Ticket TICKET.${key}.${key}` },
  })),
  locked('the key before the ticket in Authorization', 'invalid_ticket', (key) => ({
    lines: { protocol: [], authorization: `Authorization: Ticket ${key}.TICKET` },
  })),
  locked('the key in place of the ticket', 'ticket_required', (key) => ({
    lines: { protocol: protocolLine('wsticket.v1', key) },
  })),
  locked('the key before the ticket in the list', 'admitted', (key) => ({
    lines: { protocol: protocolLine('wsticket.v1', key, 'TICKET') },
  })),
  locked('the key in a line of its own', 'admitted', (key) => ({
    lines: { protocol: [protocolLine('wsticket.v1', 'TICKET'), protocolLine(key)] },
  })),
  locked('the key before the ticket in the query', 'admitted', (key) => ({
    requestLine: `GET /ws?key=${key}&ticket=TICKET HTTP/1.1`,
    lines: { protocol: [] },
  })),
  locked('beside the key a parameter of the application that is called so', 'admitted', (key) => ({
    requestLine: `GET /ws?key=c-major&ticket=TICKET&key=${key} HTTP/1.1`,
    lines: { protocol: [] },
  })),
]

function inAnotherCookie(key: string): Difference {
  return { lines: { cookie: `Cookie: __Host-wsk=${key}` } }
}

/** What is shown for a key. */
export const locks: CorpusClass<HandshakeCase> = {
  name: 'locks',
  contents:
    'no key, those of others, the lock itself, keys that are off by a character, a length or an alphabet, in each carrier; keys apart from their tickets, and several; keys of tickets that have no lock',
  playedOn: 'adapters `node` and `ws`, gateway',
  good: ['admitted'],
  cases: [...inEachCarrier, ...misplaced],
}
