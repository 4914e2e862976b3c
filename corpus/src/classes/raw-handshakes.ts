/**
 * Class C10: requests that are not quite an opening handshake (RFC 6455 section 4.2.1, RFC 9112), each with a good ticket.
 * @module
 */
import type { CorpusClass } from '../corpus-class.ts'
import { byteCases } from '../handshake-bytes.ts'
import { type HandshakeCase, handshakeCase, type Lines, utf8 } from '../handshake-case.ts'
import { framingCases } from '../handshake-framing.ts'
import { mixedCases } from '../handshake-mixtures.ts'
import { requestLineCases } from '../request-lines.ts'

function spellings(header: string, name: string, verdict: HandshakeCase['verdict'], values: readonly string[]) {
  return values.map((value) => {
    const lines: Lines = { [header]: `${name}: ${value}` }
    return handshakeCase(`${name} is ${JSON.stringify(value)}`, verdict, { lines })
  })
}

const upgrade: readonly HandshakeCase[] = [
  ...spellings('upgrade', 'Upgrade', 'admitted', ['websocket', 'WebSocket', 'WEBSOCKET', 'websocket  ', '\twebsocket']),
  ...spellings('upgrade', 'Upgrade', 'bad_request', [
    'websockets',
    'web socket',
    'websocket, h2c',
    'h2c, websocket',
    'websocket,',
    ',websocket',
    'websocket/13',
    'websocket;q=1',
    '"websocket"',
    'h2c',
    'TLS/1.0',
    'websocke',
    'w',
    'web\u00adsocket',
    'websocket\u00a0',
    utf8('web\u017focket'),
  ]),
  handshakeCase('no Upgrade', 'rejected', { lines: { upgrade: [] } }),
  handshakeCase('an empty Upgrade', 'rejected', { lines: { upgrade: 'Upgrade:' } }),
]

const connection: readonly HandshakeCase[] = [
  ...spellings('connection', 'Connection', 'admitted', [
    'Upgrade',
    'upgrade',
    'UPGRADE',
    'keep-alive, Upgrade',
    'Upgrade, keep-alive',
    'keep-alive,upgrade',
    'Upgrade , x-anything',
  ]),
  ...spellings('connection', 'Connection', 'rejected', [
    'keep-alive',
    'close',
    'Upgraded',
    'Up grade',
    'Upgrade;',
    '"Upgrade"',
    'Upgrade/1',
    'keep-alive Upgrade',
    'Upgrade keep-alive',
    'Upgrade\u00a0',
    'TE',
    'websocket',
    '*',
  ]),
  handshakeCase('no Connection', 'rejected', { lines: { connection: [] } }),
  handshakeCase('an empty Connection', 'rejected', { lines: { connection: 'Connection:' } }),
  handshakeCase('Connection in two lines', 'admitted', {
    lines: { connection: ['Connection: keep-alive', 'Connection: Upgrade'] },
  }),
]

const versions: readonly HandshakeCase[] = [
  ...spellings('version', 'Sec-WebSocket-Version', 'admitted', ['13', ' 13', '13 ', '\t13']),
  ...spellings('version', 'Sec-WebSocket-Version', 'bad_request', [
    ...['0', '1', '7', '8', '9', '10', '11', '12', '14', '25', '99', '255', '256', '-13', '+13', '013', '13.0', '13.'],
    ...['13, 8', '8, 13', '13,13', '13 13', '13;', '0x0d', '1e1', '13\u00a0', '\u00b93', 'thirteen', 'hybi-13'],
  ]),
  handshakeCase('no version', 'bad_request', { lines: { version: [] } }),
  handshakeCase('an empty version', 'bad_request', { lines: { version: 'Sec-WebSocket-Version:' } }),
]

const keys: readonly HandshakeCase[] = [
  ...spellings('key', 'Sec-WebSocket-Key', 'admitted', [`${'A'.repeat(22)}==`, `${'/+'.repeat(11)}==`]),
  ...spellings('key', 'Sec-WebSocket-Key', 'bad_request', [
    ...['A', 'AAAA', 'A'.repeat(16), 'A'.repeat(22), `${'A'.repeat(22)}=`, `${'A'.repeat(22)}===`, 'A'.repeat(24)],
    ...[`${'A'.repeat(23)}=`, `${'A'.repeat(21)}==`, `${'A'.repeat(18)}==`, `${'A'.repeat(26)}==`, 'A'.repeat(32)],
    ...[`${'-_'.repeat(11)}==`, `${'A'.repeat(21)}!==`, `${'A'.repeat(11)} ${'A'.repeat(10)}==`, '==', '='.repeat(24)],
    ...[`==${'A'.repeat(22)}`, `"${'A'.repeat(22)}=="`, `${'A'.repeat(22)}==, ${'A'.repeat(22)}==`, 'A'.repeat(1000)],
    ...[
      `${'A'.repeat(21)}\u00c1==`,
      `${'A'.repeat(22)}%3D%3D`,
      `${'A'.repeat(22)}==\u00a0`,
      '00112233445566778899aabbccddeeff',
    ],
  ]),
  handshakeCase('no key', 'bad_request', { lines: { key: [] } }),
  handshakeCase('an empty key', 'bad_request', { lines: { key: 'Sec-WebSocket-Key:' } }),
]

const hosts: readonly HandshakeCase[] = [
  handshakeCase('no Host', 'rejected', { lines: { host: [] } }),
  handshakeCase('Host with a port', 'admitted', { lines: { host: 'Host: ws.example:8080' } }),
  handshakeCase('Host of another', 'admitted', { lines: { host: 'Host: other.example' } }),
  handshakeCase('Host in capitals', 'admitted', { lines: { host: 'HOST: WS.EXAMPLE' } }),
]

/** Requests that are not quite an opening handshake. */
export const rawHandshakes: CorpusClass<HandshakeCase> = {
  name: 'raw-handshakes',
  contents:
    'request lines, spellings of every header that matters, framing, single bytes, limits, and mixtures of two faults',
  playedOn: 'adapters `node` and `ws`, gateway',
  good: ['admitted'],
  cases: [
    ...requestLineCases,
    ...hosts,
    ...upgrade,
    ...connection,
    ...versions,
    ...keys,
    ...framingCases,
    ...byteCases,
    ...mixedCases,
  ],
}
