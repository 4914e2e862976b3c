/**
 * Class C8: who a ticket is for, on its way through the gateway into a header of the upstream; and headers that claim it.
 * @module
 */
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'

/**
 * A subject, or a header line of the client's.
 * - `carried`: the upstream gets it in one header, in visible ASCII, and can have it back.
 * - `refused`: there is no ticket for it.
 * - `removed`: the upstream never sees the line.
 */
export interface IdentityCase extends CorpusCase {
  readonly verdict: 'carried' | 'refused' | 'removed'
  readonly subject?: string
  readonly line?: string
}

function subjects(verdict: 'carried' | 'refused', texts: readonly string[]): readonly IdentityCase[] {
  return texts.map((subject) => {
    const shown = subject.length > 40 ? `${subject.slice(0, 10)}... of ${subject.length}` : subject
    return { name: `the subject ${JSON.stringify(shown)}`, verdict, subject }
  })
}

const codes = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)
const around = (code: number) => `a${String.fromCharCode(code)}b`

const controls = subjects('refused', [...codes(0x00, 0x1f), 0x7f].map(around))

const beyondAscii = subjects('carried', [...codes(0x80, 0x9f), 0xa0, 0xad, 0xe9, 0xff].map(around))

const others = subjects('carried', [
  ...[
    'alice',
    'a b',
    ' alice',
    'alice ',
    '  ',
    'a,b',
    'a;b',
    'a"b',
    '"alice"',
    "a'b",
    'a=b',
    'a:b',
    'a%b',
    '%0d%0a',
    '%',
    '%%',
    '%zz',
  ],
  ...[
    'a\\b',
    'a/b',
    'a#b',
    '#',
    'a@b.example',
    '<b>',
    '{"a":1}',
    '()',
    '$(id)',
    '`id`',
    '\u0024{jndi:ldap://a}',
    '{{7*7}}',
    '../..',
    '-',
    '.',
  ],
  ...[
    'null',
    'undefined',
    'true',
    '0',
    '[object Object]',
    '__proto__',
    'constructor',
    'alice, bob',
    'alice\u00a0',
    'root',
    'admin',
  ],
  ...[
    '\u{1f39f}',
    '\u202eecila',
    '\u2066a\u2069',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\u200b',
    'e\u0301',
    '\u00e9',
    '\uffff',
    '\u{10ffff}',
    '\u4e2d\u6587',
  ],
  ...[
    '\u0130',
    '\u017f',
    '\uff21',
    'a\u0300\u0301\u0302',
    '\u0640',
    'x'.repeat(1024),
    '\u00e9'.repeat(1024),
    '%'.repeat(1024),
  ],
])

const impossible = subjects('refused', [
  ...[
    '',
    '\ud800',
    '\udc00',
    'a\ud800b',
    '\udc00\ud800',
    'a\r\nX-Evil: 1',
    '\r\n\r\nGET / HTTP/1.1',
    'a\u0000',
    '\u001b[2J',
  ],
  ...['x'.repeat(1025), 'x'.repeat(8192), '\u{1f39f}'.repeat(513)],
])

const claimed = ['Subject', 'Session', 'Assertion', 'Anything'].flatMap((name) => [
  ...[
    `X-Wsticket-${name}`,
    `x-wsticket-${name.toLowerCase()}`,
    `X-WSTICKET-${name.toUpperCase()}`,
    `X_Wsticket_${name}`,
  ],
  ...[
    `X-Wsticket_${name}`,
    `X_Wsticket-${name}`,
    `X.Wsticket.${name}`,
    `X~Wsticket~${name}`,
    `X!Wsticket|${name}`,
    `x-wSTICKET${name}`,
  ],
])

const lines: readonly IdentityCase[] = [
  ...claimed,
  'X-Wsticket',
  'X-Real-IP',
  'X_Real_IP',
  'True-Client-IP',
  'Remote-User',
].flatMap((name): readonly IdentityCase[] => [
  { name: `a line of ${name}`, verdict: 'removed', line: `${name}: mallory` },
])

/** Who a ticket is for, and who claims to be. */
export const identities: CorpusClass<IdentityCase> = {
  name: 'identities',
  contents:
    'every control character, 0x80 to 0xFF, emoji, right-to-left, lone surrogates, separators, escapes, lengths up to 8 KiB; 45 header lines that claim an identity',
  playedOn: 'the gateway, in front of an upstream that shows what it gets',
  good: ['carried'],
  cases: [...controls, ...beyondAscii, ...others, ...impossible, ...lines],
}
