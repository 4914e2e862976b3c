/**
 * Class C12: what a client sends first where the first message is to bring the ticket.
 * @module
 */
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'
import { type FrameHeader, frame } from '../frame-bytes.ts'

/**
 * What becomes of it.
 * - `admitted`: the ticket is spent, and the text `hello` that follows it comes back.
 * - `4400`: that close code with `bad_request`; the ticket is still good.
 * - `4401`: that close code with `invalid_ticket`.
 * - `4408`: that close code with `timeout`; the ticket is still good.
 */
export interface FirstMessageCase extends CorpusCase {
  readonly verdict: 'admitted' | '4400' | '4401' | '4408'
  /** As Latin-1, made with the ticket of the case, that of nobody, and the key of the case. */
  bytesWith(ticket: string, other: string, key: string): string
  /** Whether the key locks the ticket. Default false. */
  readonly isLocked?: boolean
  /** What becomes of the ticket. Default: spent where somebody is admitted, else nothing. */
  readonly spends?: boolean
  /** Sent one byte at a time. */
  readonly drips?: boolean
  /** The client says behind it that nothing more will come. */
  readonly finishes?: boolean
}

const hello = frame({ opcode: 1 }, 'hello')
const key = `wsk_${'A'.repeat(43)}`

type Spell = (ticket: string, other: string, key: string) => string

/** A text message, and `hello` behind it. */
function said(name: string, verdict: FirstMessageCase['verdict'], spell: Spell, more: Partial<FirstMessageCase> = {}) {
  return framed(name, verdict, { opcode: 1 }, spell, more)
}

/** The same in a frame of another kind. */
function framed(
  name: string,
  verdict: FirstMessageCase['verdict'],
  header: FrameHeader,
  spell: Spell = good,
  more: Partial<FirstMessageCase> = {},
): FirstMessageCase {
  const bytesWith = (...made: Parameters<Spell>) =>
    Buffer.concat([frame(header, spell(...made)), hello]).toString('latin1')
  return { name, verdict, bytesWith, ...more }
}

/** Bytes as they are. */
function raw(name: string, verdict: FirstMessageCase['verdict'], bytes: (good: Buffer) => Buffer, more = {}) {
  const bytesWith = (ticket: string) => bytes(frame({ opcode: 1 }, good(ticket))).toString('latin1')
  return { name, verdict, bytesWith, ...more } satisfies FirstMessageCase
}

function good(ticket: string): string {
  return JSON.stringify({ type: 'ticket', ticket })
}

const spellings: readonly FirstMessageCase[] = [
  said('the message as it is written', 'admitted', good),
  said('members in another order', 'admitted', (ticket) => `{"ticket":"${ticket}","type":"ticket"}`),
  said('spaces wherever JSON has them', 'admitted', (ticket) => ` {\n"type" :\t"ticket" ,\r"ticket": "${ticket}" } `),
  said(
    'names and values with escapes',
    'admitted',
    (t) => `{"t\\u0079pe":"tick\\u0065t","ticket":"\\u0077${t.slice(1)}"}`,
  ),
  said('1,024 bytes', 'admitted', (ticket) => good(ticket).padEnd(1024)),
  said('1,025 bytes', '4400', (ticket) => good(ticket).padEnd(1025)),
  said('125 bytes', 'admitted', (ticket) => good(ticket).padEnd(125)),
  said('126 bytes', 'admitted', (ticket) => good(ticket).padEnd(126)),
  said('60,000 bytes', '4400', (ticket) => good(ticket).padEnd(60_000)),
  said('70,000 bytes', '4400', (ticket) => good(ticket).padEnd(70_000)),
]

const notTheMessage: readonly FirstMessageCase[] = [
  ['nothing', () => ''],
  ['a space', () => ' '],
  ['null', () => 'null'],
  ['a number', () => '1'],
  ['an empty object', () => '{}'],
  ['an empty list', () => '[]'],
  ['the ticket alone', (ticket: string) => ticket],
  ['the ticket as a string', (ticket: string) => JSON.stringify(ticket)],
  ['the message in a list', (ticket: string) => `[${good(ticket)}]`],
  ['the message in an object', (ticket: string) => `{"message":${good(ticket)}}`],
  ['the message twice', (ticket: string) => good(ticket).repeat(2)],
  ['the message and a comma', (ticket: string) => `${good(ticket)},`],
  ['the message without its end', (ticket: string) => good(ticket).slice(0, -1)],
  ['the message in single quotes', (ticket: string) => good(ticket).replaceAll('"', "'")],
  ['names without quotes', (ticket: string) => `{type:"ticket",ticket:"${ticket}"}`],
  ['a comma too many', (ticket: string) => `{"type":"ticket","ticket":"${ticket}",}`],
  ['a comment', (ticket: string) => `{"type":"ticket",/**/"ticket":"${ticket}"}`],
  ['a byte order mark', (ticket: string) => `\uFEFF${good(ticket)}`],
  ['U+0000 behind it', (ticket: string) => `${good(ticket)}\0`],
  [
    'a newline within the ticket',
    (ticket: string) => `{"type":"ticket","ticket":"${ticket.slice(0, 9)}\n${ticket.slice(9)}"}`,
  ],
  ['no type', (ticket: string) => JSON.stringify({ ticket })],
  ['no ticket', () => '{"type":"ticket"}'],
  ['another type', (ticket: string) => JSON.stringify({ type: 'auth', ticket })],
  ['a type in capitals', (ticket: string) => JSON.stringify({ type: 'Ticket', ticket })],
  ['a type that is a list', (ticket: string) => JSON.stringify({ type: ['ticket'], ticket })],
  ['a name in capitals', (ticket: string) => JSON.stringify({ type: 'ticket', Ticket: ticket })],
  ['a ticket that is a list', (ticket: string) => JSON.stringify({ type: 'ticket', ticket: [ticket] })],
  ['a ticket that is an object', (ticket: string) => JSON.stringify({ type: 'ticket', ticket: { ticket } })],
  ['a ticket that is null', () => '{"type":"ticket","ticket":null}'],
  ['a ticket that is a number', () => '{"type":"ticket","ticket":1e999}'],
  ['a ticket that is true', () => '{"type":"ticket","ticket":true}'],
  ['another member', (ticket: string) => JSON.stringify({ type: 'ticket', ticket, room: 'a' })],
  ['an empty name', (ticket: string) => JSON.stringify({ type: 'ticket', ticket, '': '' })],
  ['__proto__', (ticket: string) => `{"type":"ticket","ticket":"${ticket}","__proto__":{"key":"a"}}`],
  ['__proto__ that has the ticket', (ticket: string) => `{"type":"ticket","__proto__":{"ticket":"${ticket}"}}`],
  ['constructor', (ticket: string) => `{"type":"ticket","ticket":"${ticket}","constructor":{"prototype":{}}}`],
  ['toString', (ticket: string) => `{"type":"ticket","ticket":"${ticket}","toString":1}`],
  ['hasOwnProperty', (ticket: string) => `{"type":"ticket","ticket":"${ticket}","hasOwnProperty":1}`],
  ['the same ticket twice', (ticket: string) => `{"type":"ticket","ticket":"${ticket}","ticket":"${ticket}"}`],
  ['two tickets', (ticket: string, other: string) => `{"type":"ticket","ticket":"${ticket}","ticket":"${other}"}`],
  [
    'two tickets, one name with an escape',
    (ticket: string, other: string) => `{"type":"ticket","ticket":"${ticket}","tick\\u0065t":"${other}"}`,
  ],
  ['two types', (ticket: string) => `{"type":"ticket","type":"ticket","ticket":"${ticket}"}`],
  ['two keys', (ticket: string) => `{"type":"ticket","ticket":"${ticket}","key":"${key}","key":"${key}"}`],
  ['a key that is null', (ticket: string) => JSON.stringify({ type: 'ticket', ticket, key: null })],
  ['a key that is a list', (ticket: string) => JSON.stringify({ type: 'ticket', ticket, key: [key] })],
  ['a key that is empty', (ticket: string) => JSON.stringify({ type: 'ticket', ticket, key: '' })],
  ['a key that is a ticket', (ticket: string, other: string) => JSON.stringify({ type: 'ticket', ticket, key: other })],
  ['a key that is too short', (ticket: string) => JSON.stringify({ type: 'ticket', ticket, key: key.slice(0, -1) })],
  [
    'a key with another last character',
    (ticket: string) => JSON.stringify({ type: 'ticket', ticket, key: `${key.slice(0, -1)}B` }),
  ],
  ['300 levels', (ticket: string) => `{"type":"ticket","ticket":"${ticket}","a":${'['.repeat(300)}${']'.repeat(300)}}`],
  ['300 levels that do not end', () => '{"a":'.repeat(150)],
  ['a query', (ticket: string) => `type=ticket&ticket=${ticket}`],
  ['a header', (ticket: string) => `Authorization: Ticket ${ticket}`],
  ['what an application says first', () => '{"type":"connection_init","payload":{}}'],
].map(([name, spell]) => said(String(name), '4400', spell as Spell))

const badTickets: readonly FirstMessageCase[] = [
  ['of nobody', (_: string, other: string) => good(other)],
  ['that is empty', () => good('')],
  ['in capitals', (ticket: string) => good(ticket.toUpperCase())],
  ['without its prefix', (ticket: string) => good(ticket.slice(4))],
  ['with a character more', (ticket: string) => good(`${ticket}A`)],
  ['with a character less', (ticket: string) => good(ticket.slice(0, -1))],
  ['with a space before it', (ticket: string) => good(` ${ticket}`)],
  ['with a space behind it', (ticket: string) => good(`${ticket} `)],
  ['with a newline behind it', (ticket: string) => good(`${ticket}\n`)],
  ['with U+0000 behind it', (ticket: string) => good(`${ticket}\0`)],
  ['with a lone surrogate behind it', (ticket: string) => `{"type":"ticket","ticket":"${ticket}\\ud800"}`],
  ['with a padding', (ticket: string) => good(`${ticket}=`)],
  ['in another alphabet', (ticket: string) => good(`${ticket.slice(0, 10)}+/${ticket.slice(12)}`)],
  ['with letters that look alike', (ticket: string) => good(ticket.replace('wst', 'wѕt'))],
  ['with a wildcard', (ticket: string) => good(`${ticket.slice(0, 46)}*`)],
  ['with its key behind it', (ticket: string) => good(`${ticket}.${key}`)],
  ['that is a key', () => good(key)],
  ['that is the name of a prototype', () => good('__proto__')],
  ['with a command behind it', (ticket: string) => good(`${ticket}\r\nDEL wsticket:*\r\n`)],
].map(([name, spell]) => said(`a ticket ${String(name)}`, '4401', spell as Spell))

function withKey(ticket: string, shown: unknown): string {
  return JSON.stringify({ type: 'ticket', ticket, key: shown })
}

const locked: readonly FirstMessageCase[] = [
  said('a ticket that is not locked, with a key', '4401', (ticket) => withKey(ticket, key), { spends: true }),
  ...(
    [
      ['its key', 'admitted', (ticket, _, own) => withKey(ticket, own)],
      ['its key before it', 'admitted', (ticket, _, own) => `{"key":"${own}","ticket":"${ticket}","type":"ticket"}`],
      ['no key', '4401', (ticket) => good(ticket)],
      ['another key', '4401', (ticket) => withKey(ticket, key)],
      ['its key but for a character', '4401', (ticket, _, own) => withKey(ticket, swapped(own))],
    ] satisfies [string, FirstMessageCase['verdict'], Spell][]
  ).map(([name, verdict, spell]) =>
    said(`a locked ticket and ${name}`, verdict, spell, { isLocked: true, spends: true }),
  ),
  ...(
    [
      ['its key twice', (ticket, _, own) => `{"type":"ticket","ticket":"${ticket}","key":"${own}","key":"${own}"}`],
      [
        'its key and another',
        (ticket, _, own) => `{"type":"ticket","ticket":"${ticket}","key":"${own}","key":"${key}"}`,
      ],
      ['its key under another name', (ticket, _, own) => JSON.stringify({ type: 'ticket', ticket, Key: own })],
      ['half of its key', (ticket, _, own) => withKey(ticket, own.slice(0, 20))],
      ['its key and a character', (ticket, _, own) => withKey(ticket, `${own}A`)],
      ['a list of its key', (ticket, _, own) => withKey(ticket, [own])],
    ] satisfies [string, Spell][]
  ).map(([name, spell]) => said(`a locked ticket and ${name}`, '4400', spell, { isLocked: true })),
  said('a locked ticket and its key in one', '4401', (ticket, _, own) => good(`${ticket}.${own}`), { isLocked: true }),
]

/** The 20th character is another. */
function swapped(own: string): string {
  return `${own.slice(0, 23)}${own.charAt(23) === 'A' ? 'B' : 'A'}${own.slice(24)}`
}

const kinds: readonly FirstMessageCase[] = [
  ...[0, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15].map((opcode) =>
    framed(`the message in a frame of opcode ${opcode}`, '4400', { opcode }, opcode > 8 ? () => 'a' : good),
  ),
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => framed(`the message with RSV bits ${rsv}`, '4400', { opcode: 1, rsv })),
  framed('the message unmasked', '4400', { opcode: 1, masked: false }),
  framed('the message as a first fragment', '4400', { opcode: 1, fin: false }),
  framed('an empty first fragment', '4400', { opcode: 1, fin: false }, () => ''),
  framed('a length of 2 bytes that needs none', '4400', { opcode: 1, lengthBytes: 2 }, () => '{"type":"ticket"}'),
  framed('a length of 8 bytes that needs 2', '4400', { opcode: 1, lengthBytes: 8 }),
  ...[1025n, 65_535n, 65_536n, 2n ** 31n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].map((length) =>
    framed(`a length of ${length}`, '4400', { opcode: 1, length }),
  ),
  framed('a close frame', '4408', { opcode: 8 }, () => ''),
  framed('a close frame with a code', '4408', { opcode: 8 }, () => '\u0003\u00e8'),
  ...['80', 'c0', 'c080', 'e08080', 'eda080', 'f4908080', 'ff', 'c3'].map((hex) =>
    raw(`the message and the bytes ${hex}`, '4400', (whole) => {
      const payload = Buffer.concat([unmasked(whole), Buffer.from(hex, 'hex')])
      return Buffer.concat([frame({ opcode: 1 }, payload), hello])
    }),
  ),
]

/** The payload of a frame of {@link frame} with a length of one byte. */
function unmasked(whole: Buffer): Buffer {
  return whole.subarray(6).map((byte, at) => byte ^ (whole[2 + (at % 4)] as number)) as Buffer
}

const times: readonly FirstMessageCase[] = [
  raw('nothing at all', '4408', () => Buffer.alloc(0)),
  raw('one byte', '4408', (whole) => whole.subarray(0, 1)),
  raw('the header of a frame', '4408', (whole) => whole.subarray(0, 6)),
  raw('all but the last byte', '4408', (whole) => whole.subarray(0, -1)),
  raw('the message byte by byte', 'admitted', (whole) => Buffer.concat([whole, hello]), { drips: true }),
  raw('all but the last byte, byte by byte', '4408', (whole) => whole.subarray(0, -1), { drips: true }),
  raw('the end', '4408', () => Buffer.alloc(0), { finishes: true }),
  raw('half, and the end', '4408', (whole) => whole.subarray(0, 40), { finishes: true }),
  raw('the message, and the same once more', 'admitted', (whole) => Buffer.concat([whole, whole, hello])),
  raw('a megabyte behind it', 'admitted', (whole) =>
    Buffer.concat([whole, hello, ...Array.from({ length: 20 }, () => frame({ opcode: 2 }, Buffer.alloc(50_000)))]),
  ),
]

/** The class. */
export const firstMessages: CorpusClass<FirstMessageCase> = {
  name: 'first-messages',
  contents:
    'spellings of the message, what is no JSON or another one, members twice, prototypes, tickets and keys that are none, locked tickets with and without their keys, every kind of frame, lengths up to 2^64 - 1, broken UTF-8, bytes that come late, one by one or not at all',
  playedOn: 'adapters `node` and `ws`, gateway',
  good: ['admitted'],
  cases: [...spellings, ...notTheMessage, ...badTickets, ...locked, ...kinds, ...times],
}
