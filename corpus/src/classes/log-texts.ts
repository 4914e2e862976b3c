/**
 * Class C9: texts that do something to a log, to who reads it, or to the terminal in which it is read.
 * @module
 */
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'
import { ticketOf } from '../tickets.ts'

/**
 * A text, as the client puts it where the audit repeats it.
 * - `readable`: stands in the line as it is.
 * - `escaped`: stands in the line as an escape of JSON; the line is ASCII all the same, and one.
 * - `hidden`: never stands in the line.
 */
export interface LogCase extends CorpusCase {
  readonly verdict: 'readable' | 'escaped' | 'hidden'
  readonly text: string
}

function texts(verdict: LogCase['verdict'], all: readonly string[]): readonly LogCase[] {
  return all.map((text) => ({
    name: JSON.stringify(text.length > 60 ? `${text.slice(0, 20)}... of ${text.length}` : text),
    verdict,
    text,
  }))
}

const readable = [
  ...[
    'https://evil.example',
    'https://zoo.example:8443',
    '%s%s%n',
    '%d',
    '%o',
    '%j',
    '%%',
    '{}',
    '{0}',
    '$HOME',
    '`id`',
    '$(id)',
  ],
  ...[
    '\u0024{jndi:ldap://evil.example/a}',
    '\u0024{env:SECRET}',
    '{{7*7}}',
    '<script>alert(1)</script>',
    "'; DROP TABLE logs; --",
  ],
  ...[
    'level=error',
    'admitted',
    '2026-01-01T00:00:00Z INFO admitted',
    '-',
    '__proto__',
    'constructor',
    '[object Object]',
    'null',
    'true',
  ],
]

const escaped = [
  ...[
    '\n',
    '\r',
    '\r\n',
    '\n{"level":"info","type":"admitted"}',
    '\r\n\r\n',
    '"',
    '"}',
    '","type":"admitted","x":"',
    '\\',
    '\\"',
    '\\n',
  ],
  ...[
    '\u0000',
    '\u0007',
    '\u0008',
    '\u0009',
    '\u000b',
    '\u000c',
    '\u001a',
    '\u001b',
    '\u007f',
    '\u001b[2J',
    '\u001b[31m',
    '\u001b]0;title\u0007',
  ],
  ...[
    '\u001b[1A\u001b[2K',
    '\u001b]8;;http://evil.example\u0007link',
    '\u009b2J',
    '\u0085',
    '\u0090',
    '\u009d',
    '\u00a0',
    '\u00ad',
    '\u00e9',
  ],
  ...[
    '\u061c',
    '\u200b',
    '\u200e',
    '\u200f',
    '\u2028',
    '\u2029',
    '\u202a',
    '\u202b',
    '\u202c',
    '\u202d',
    '\u202e',
    '\u2060',
    '\u2066',
    '\u2067',
  ],
  ...[
    '\u2068',
    '\u2069',
    '\ufeff',
    '\ufff9',
    '\u{e0001}',
    '\u{1f39f}',
    '\ud800',
    '\udc00',
    '\u202egpj.exe',
    'e\u0301',
    '\u0430dmin',
    '\uff1c',
  ],
]

// Built, so that no secret stands in a source.
const token = ['eyJhbGciOiJFUzI1NiJ9', 'eyJzdWIiOiJhIn0', 'c2lnbmF0dXJl'].join('.')
const secrets = [ticketOf('a ticket in the log'), token]
const hidden: readonly LogCase[] = secrets.flatMap((secret, at) =>
  ['', 'https://evil.example/', 'https://evil.example?a=', 'a b '].map((before, place) => ({
    name: `${at === 0 ? 'a ticket' : 'a token'}, place ${place}`,
    verdict: 'hidden' as const,
    text: `${before}${secret}`,
  })),
)

/** Texts that do something to a log. */
export const logTexts: CorpusClass<LogCase> = {
  name: 'log-texts',
  contents:
    'line ends and false records, ways out of JSON, escape sequences of terminals, bidirectional and invisible characters, formats, lookups, secrets',
  playedOn: 'every text of every event of the audit log; Origin and subject through the gateway',
  good: ['readable'],
  cases: [...texts('readable', readable), ...texts('escaped', escaped), ...hidden],
}
