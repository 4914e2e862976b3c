/**
 * Class C4: texts that mean something to an engine, in the place of an id, and in the texts of a record.
 * @module
 */
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'
import { type HandshakeCase, handshakeCase } from '../handshake-case.ts'

/** A text. */
export interface InjectionCase extends CorpusCase {
  readonly text: string
  /**
   * `nothing`: as an id it names no ticket, and does nothing. `whole`: as a text of a record it comes back as it was, besides.
   * (A record has no control characters in its subject, and an engine need not be able to keep U+0000.)
   */
  readonly verdict: 'nothing' | 'whole'
}

const redis = [
  ...[
    '*',
    'wsticket:*',
    'w*',
    '?',
    '[a-z]',
    '[^a]',
    '{tag}',
    '{}',
    '}{',
    '{wsticket}',
    'wsticket:',
    'wsticket',
    ':',
    '\\',
  ],
  ...[
    '\r\n',
    '\r\nFLUSHALL\r\n',
    '*1\r\n$8\r\nFLUSHALL\r\n',
    '$-1\r\n',
    '+OK\r\n',
    '-ERR\r\n',
    ':1\r\n',
    'a\nb',
    '\u0000',
  ],
  ...["' .. redis.call('FLUSHALL') .. '", "]] redis.call('FLUSHALL') --", 'KEYS[1]', 'ARGV[1]', '%s', '%d%n', '%x%x%x'],
  ...['FLUSHALL', 'EVAL "return 1" 0', 'DEL *', 'a b', 'a\tb', '"', "'", 'NX GET'],
]

const sql = [
  ...[
    "'",
    "''",
    '"',
    '`',
    ';',
    '--',
    '/*',
    '*/',
    '#',
    '\\',
    "\\'",
    '$1',
    '$2',
    '$$',
    '$tag$',
    ':id',
    '?',
    '@id',
    '%',
    '_',
  ],
  ...[
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE wsticket_tickets; --",
    "'); DELETE FROM wsticket_tickets; --",
    '" OR ""="',
  ],
  ...[
    "' UNION SELECT record FROM wsticket_tickets --",
    '1; SELECT pg_sleep(10)',
    "' || pg_sleep(10) || '",
    "E'\\x41'",
    "U&'\\0041'",
  ],
  ...['NULL', 'null', 'DEFAULT', 'true', '0', '-1', '1e309', 'NaN', "x'00'", '::text', '\\x00', "'\\"],
]

const nats = [
  '>',
  '.',
  '..',
  '*.*',
  'w.>',
  '$KV.wsticket.>',
  '$JS.API.STREAM.DELETE.KV_wsticket',
  '$SYS.>',
  '_INBOX.>',
  '.a',
  'a.',
  'a..b',
  ' ',
]

const paths = [
  '../../etc/passwd',
  '..\\..\\a',
  '/dev/null',
  'file:///etc/passwd',
  'con',
  'a/b',
  '~',
  '\u0000.db',
  ':memory:',
  '?mode=memory',
]

const names = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  '__defineSetter__',
  'undefined',
  'length',
  '',
]

const unicode = [
  '\u00e9',
  '\u{1f39f}',
  '\u202e',
  '\u2028',
  '\ufeff',
  '\u0301',
  'A\u0000',
  '\uff07',
  '\u02bc',
  '\u0130',
  '\u00df',
]

const sizes = [1, 42, 43, 44, 100, 1000, 10_000, 65_536].map((length) => 'A'.repeat(length - 1).concat('B'))

const shapes = [
  ...[
    'wst_',
    `wst_${'A'.repeat(43)}`,
    'A'.repeat(42),
    `${'A'.repeat(43)}=`,
    `${'A'.repeat(42)}+`,
    `${'A'.repeat(42)}/`,
  ],
  ...[
    `${'A'.repeat(43)}\n`,
    ` ${'A'.repeat(43)}`,
    'a'.repeat(64),
    '123e4567-e89b-12d3-a456-426614174000',
    `${'A'.repeat(21)}\u0000${'A'.repeat(21)}`,
  ],
]

const all = [...new Set([...redis, ...sql, ...nats, ...paths, ...names, ...unicode, ...sizes, ...shapes])]

const isKept = (text: string) =>
  text !== '' &&
  text.length <= 1000 &&
  Array.from(text).every((character) => character >= ' ' && character !== '\u007f')

/** Texts that mean something to an engine. */
export const storeInjection: CorpusClass<InjectionCase> = {
  name: 'store-injection',
  contents:
    'RESP, Lua, SQL, NATS subjects, wildcards, hash tags, paths, names of prototypes, sizes up to 64 KiB, in the place of an id and in a record',
  playedOn: 'the stores memory, Redis and PostgreSQL; as a ticket, adapters `node` and `ws` and the gateway',
  good: ['whole'],
  cases: all.map((text) => ({
    name: JSON.stringify(text.length > 60 ? `${text.slice(0, 20)}... of ${text.length}` : text).replace('wst_', 'wst '),
    text,
    verdict: isKept(text) ? 'whole' : 'nothing',
  })),
}

/** The same texts in the place of a ticket, but for those that are one or do not fit into a head. */
export const presentedTexts: readonly HandshakeCase[] = storeInjection.cases
  .filter(({ text }) => text.length < 2000 && text.isWellFormed() && !/^wst_[\w-]{43}$/.test(text))
  .map(({ name, text }) =>
    handshakeCase(`injection ${name}`, 'invalid_ticket', {
      setting: 'every_carrier',
      requestLine: `GET /ws?ticket=${encodeURIComponent(text)} HTTP/1.1`,
      lines: { protocol: [] },
    }),
  )
