import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxHeaderLines, maxProtocols, parseHandshake } from '../../src/handshake.ts'
import { headerLines, opening, pageOrigin } from './fixtures.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='

function isWellFormed(changes: Parameters<typeof opening>[0]): boolean {
  return parseHandshake(opening(changes)) !== null
}

describe('a handshake', () => {
  it('is read into what the checks need, and keeps its lines as they were', () => {
    const rawHeaders = headerLines({
      Origin: pageOrigin,
      Authorization: 'Bearer of-the-application',
      'Sec-WebSocket-Protocol': ['chat.v2, chat.v1', 'wsticket.v1'],
      'X-Forwarded-For': ['192.0.2.1', '198.51.100.2, 203.0.113.3'],
      'X-Else': 'anything',
    })
    expect(parseHandshake(opening({ rawHeaders, target: '/ws?room=1' }))).toEqual({
      kind: 'websocket',
      target: '/ws?room=1',
      rawHeaders,
      peerAddress: '192.0.2.7',
      origin: pageOrigin,
      isSameOrigin: false,
      authorization: 'Bearer of-the-application',
      protocols: ['chat.v2', 'chat.v1', 'wsticket.v1'],
      forwardedFor: '192.0.2.1,198.51.100.2, 203.0.113.3',
    })
  })

  it('has null for what was not sent', () => {
    const parsed = parseHandshake(opening({ rawHeaders: headerLines(), peerAddress: null }))
    expect(parsed).toMatchObject({ peerAddress: null, origin: null, authorization: null, forwardedFor: null })
    expect(parsed?.protocols).toEqual([])
  })

  it.each([
    ['names in any case', { headers: { Host: null, HOST: 'ws.example', upgrade: 'WebSocket', Upgrade: null } }],
    ['Connection as a list', { headers: { Connection: 'keep-alive, Upgrade' } }],
    ['Connection in two lines', { headers: { Connection: ['keep-alive', 'upgrade'] } }],
    ['Connection in capitals', { headers: { Connection: 'UPGRADE' } }],
    ['a body that is announced to be empty', { headers: { 'Content-Length': '0' } }],
    ['a server that does not tell the version', { httpVersion: null }],
    ['bytes above ASCII in a value', { headers: { 'X-Name': 'Zo\u00eb' } }],
    ['a tab in a value', { headers: { 'X-Name': 'a\tb' } }],
    ['a root', { target: '/' }],
    ['a query on the root', { target: '/?a=b' }],
    ['two slashes further on', { target: '/a//b' }],
    ['percent-encoding', { target: '/a%2Fb?c=%00' }],
    ['quotes and brackets in the target', { target: `/a"b'[c]{d}|e` }],
    ['an empty query', { target: '/?' }],
  ] as const)('is well formed with %s', (_, changes) => {
    expect(isWellFormed(changes)).toBe(true)
  })
})

describe('a handshake is malformed', () => {
  it.each(['POST', 'HEAD', 'CONNECT', 'OPTIONS', 'get', 'GET ', ''])('with the method %j', (method) => {
    expect(isWellFormed({ method })).toBe(false)
  })

  it.each(['1.0', '0.9', '2.0', '1.1 ', 'HTTP/1.1', ''])('with the HTTP version %j', (httpVersion) => {
    expect(isWellFormed({ httpVersion })).toBe(false)
  })

  it.each([
    '',
    '*',
    'ws',
    'http://ws.example/ws',
    'wss://ws.example/ws',
    '//',
    '//evil.example',
    '//evil.example/ws',
    '///',
    '/\\evil.example',
    '/a\\b',
    '\\\\evil.example',
    '/ws#fragment',
    '/ws?a=b#c',
    '/#',
    '/ws ',
    ' /ws',
    '/a b',
    '/\u0000',
    '/ws\r\nHost: evil.example',
    '/ws\n',
    '/ws\u007f',
    '/Zo\u00eb',
    '/\u{1f600}',
    '/\ud800',
    'ws.example:443',
    '?ticket=x',
    './ws',
    '../ws',
  ])('with the target %j', (target) => {
    expect(isWellFormed({ target })).toBe(false)
  })

  it.each(Object.keys({ Host: 0, Upgrade: 0, Connection: 0, 'Sec-WebSocket-Key': 0, 'Sec-WebSocket-Version': 0 }))(
    'without %s',
    (name) => {
      expect(isWellFormed({ headers: { [name]: null } })).toBe(false)
    },
  )

  it.each([
    ['Host', 'ws.example'],
    ['Origin', pageOrigin],
    ['Authorization', 'Bearer x'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
    ['Content-Length', '0'],
  ])('with %s twice, in whatever case', (name, value) => {
    expect(isWellFormed({ headers: { [name]: [value, value] } })).toBe(false)
    expect(isWellFormed({ headers: { [name]: value, [name.toUpperCase()]: value } })).toBe(false)
    expect(isWellFormed({ headers: { [name]: value, [name.toLowerCase()]: 'another' } })).toBe(false)
  })

  it.each([
    ['Upgrade', 'h2c'],
    ['Upgrade', 'websocket, h2c'],
    ['Upgrade', ''],
    ['Connection', 'keep-alive'],
    ['Connection', 'upgraded'],
    ['Connection', 'Up grade'],
    ['Connection', 'Upgrade\u00a0'],
    ['Connection', ''],
    ['Sec-WebSocket-Version', '8'],
    ['Sec-WebSocket-Version', '013'],
    ['Sec-WebSocket-Version', '13, 8'],
    ['Sec-WebSocket-Version', '13.0'],
    ['Sec-WebSocket-Version', ''],
    ['Sec-WebSocket-Key', ''],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ='],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZSEh'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25j_-=='],
    ['Sec-WebSocket-Key', ` ${key}`],
    ['Sec-WebSocket-Key', `${key}, ${key}`],
    ['Content-Length', '1'],
    ['Content-Length', '-0'],
    ['Content-Length', '00'],
    ['Content-Length', ''],
    ['Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', 'identity'],
    ['Transfer-Encoding', ''],
  ])('with %s: %j', (name, value) => {
    expect(isWellFormed({ headers: { [name]: value } })).toBe(false)
  })

  it.each(['\u0000', '\r', '\n', '\r\nX-Evil: 1', '\u000b', '\u001f', '\u007f'])(
    'with the control character %j in any value',
    (control) => {
      expect(isWellFormed({ headers: { 'X-Else': `a${control}b` } })).toBe(false)
      expect(isWellFormed({ headers: { Host: `a${control}b` } })).toBe(false)
    },
  )

  it.each([
    '',
    ' ',
    'X Else',
    'X-Else ',
    ' Host',
    'X-Else:',
    'X-\u00eblse',
    'X\u0000',
    'X\r\nY',
    'Sec-WebSocket-Protocol ',
    '(a)',
  ])('with the header name %j', (name) => {
    expect(isWellFormed({ rawHeaders: [...headerLines(), name, 'value'] })).toBe(false)
  })

  it('with a header name that has no value', () => {
    expect(isWellFormed({ rawHeaders: [...headerLines(), 'X-Else'] })).toBe(false)
    expect(isWellFormed({ rawHeaders: ['Host'] })).toBe(false)
  })

  it.each([
    '',
    ',',
    'a,',
    ',a',
    'a,,b',
    'a b',
    'a;q=1',
    '"a"',
    'a/b',
    'a=b',
    'a@b',
    'a:b',
    'a,a',
    'a, b, a',
    '\u00a0a',
    'a\ufeff',
    'Zo\u00eb',
    'a\u2028',
  ])('with the subprotocols %j', (line) => {
    expect(isWellFormed({ headers: { 'Sec-WebSocket-Protocol': line } })).toBe(false)
  })

  it('with a subprotocol that is in two lines', () => {
    expect(isWellFormed({ headers: { 'Sec-WebSocket-Protocol': ['a, b', 'b'] } })).toBe(false)
  })

  it('with more subprotocols than anyone has', () => {
    const offered = (count: number) => Array.from({ length: count }, (_, at) => `p${at}`).join(', ')
    expect(isWellFormed({ headers: { 'Sec-WebSocket-Protocol': offered(maxProtocols) } })).toBe(true)
    expect(isWellFormed({ headers: { 'Sec-WebSocket-Protocol': offered(maxProtocols + 1) } })).toBe(false)
  })

  it('with more header lines than Node keeps without a word', () => {
    const lines = headerLines()
    const more = Array.from({ length: maxHeaderLines - lines.length / 2 }, (_, at) => [`X-${at}`, '']).flat()
    expect(isWellFormed({ rawHeaders: [...lines, ...more] })).toBe(true)
    expect(isWellFormed({ rawHeaders: [...lines, ...more, 'X-One', 'too many'] })).toBe(false)
  })
})

describe('parsing a handshake never throws', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string())
  const known = [
    'Host',
    'Upgrade',
    'Connection',
    'Origin',
    'Authorization',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Protocol',
  ]
  const names = fc.constantFrom(...known, 'X-Forwarded-For', '__proto__', 'constructor', 'hasOwnProperty', 'toString')

  it('whatever the method, the target, the version and the headers are', () => {
    const openings = fc.record({
      method: fc.oneof(fc.constant('GET'), text),
      httpVersion: fc.oneof(fc.constant('1.1'), fc.constant(null), text),
      target: fc.oneof(
        text,
        text.map((tail) => `/${tail}`),
      ),
      rawHeaders: fc.array(fc.oneof(names, text), { maxLength: 220 }),
      peerAddress: fc.oneof(fc.constant(null), text),
    })
    fc.assert(
      fc.property(openings, (any) => {
        const parsed = parseHandshake(any)
        expect(parsed === null || parsed.target.startsWith('/')).toBe(true)
      }),
    )
  })

  it('and finds one well formed only if its target begins with exactly one slash and resolves to its own host', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[/\\.@:?a%2fF-]{0,8}$/), (tail) => {
        const parsed = parseHandshake(opening({ target: `/${tail}` }))
        fc.pre(parsed !== null)
        expect(new URL(parsed?.target ?? '', 'http://own.example').host).toBe('own.example')
      }),
    )
  })

  it('and leaves every other header of a good one as it was, in order', () => {
    const others = fc.array(
      fc.tuple(
        fc.stringMatching(/^X-[!#$%&'*+.^_`|~0-9A-Za-z]{1,10}$/).filter((name) => !/^x-forwarded-for$/i.test(name)),
        fc.stringMatching(/^[ -~]{0,20}$/),
      ),
      { maxLength: 90 },
    )
    fc.assert(
      fc.property(others, (lines) => {
        const rawHeaders = [...headerLines(), ...lines.flat()]
        expect(parseHandshake(opening({ rawHeaders }))?.rawHeaders).toEqual(rawHeaders)
      }),
    )
  })
})

describe('the Origin of a handshake', () => {
  const withOrigin = (origin: string) => parseHandshake(opening({ headers: { Origin: origin } }))

  it.each([
    ['a control character', 'https://app.example\u0007'],
    ['a tab', 'https://app\t.example'],
    ['a letter beyond ASCII', 'https://b\u00fccher.example'],
    ['301 characters', 'https://'.padEnd(301, 'a')],
  ])('is none with %s', (_, origin) => {
    expect(withOrigin(origin)).toBeNull()
  })

  it('has 300 characters at the most', () => {
    expect(withOrigin('https://'.padEnd(300, 'a'))?.origin).toHaveLength(300)
  })
})
