import { describe, expect, it } from 'vitest'
import { encodeHeaderValue } from '../src/upstream/forwarded-handshake.ts'
import { sendHandshake } from './clients.ts'
import { issuer, startGateway } from './gateway-under-test.ts'
import { startRawUpstream, switchingProtocols } from './upstreams.ts'

/** What the upstream gets of a handshake with these lines: names in lower case, and all their values. */
async function forwarded(lines: readonly string[], flags: readonly string[] = [], more: ForwardedOptions = {}) {
  const { subject = 'alice', target = '/ws', upstreamPath = '' } = more
  const upstream = await startRawUpstream((socket, key) => socket.end(switchingProtocols(key)))
  const gateway = await startGateway(`${upstream.url}${upstreamPath}`, flags)
  const forwardedFor = lines.find((line) => line.startsWith('X-Forwarded-For: '))?.slice(17)
  const ticket = await gateway.ticket(subject, forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor })
  const answer = await sendHandshake(gateway, ticket, { lines, target }).all()
  expect(answer).toMatch(/^HTTP\/1\.1 101 /)
  const [requestLine = '', ...received] = upstream.heads[0]?.split('\r\n') ?? []
  const headers = received.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string])
  return {
    requestLine,
    host: `127.0.0.1:${gateway.port}`,
    upstreamHost: new URL(upstream.url).host,
    names: headers.map(([name]) => name.toLowerCase()),
    values: (name: string) => headers.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value),
  }
}

interface ForwardedOptions {
  readonly subject?: string
  readonly target?: string
  readonly upstreamPath?: string
}

describe('headers that the gateway vouches for', () => {
  it.each([
    'X-Wsticket-Subject',
    'x-wsticket-subject',
    'X-WSTICKET-SUBJECT',
    'X_Wsticket_Subject',
    'x_wsticket-subject',
    'X.Wsticket.Subject',
    'X-Wsticket-Session',
    'X_Wsticket_Session',
    'X-Wsticket-Assertion',
    'X-Wsticket-Anything',
    'X_WSTICKET',
  ])('cannot be set by the client as %s', async (name) => {
    const { values, names } = await forwarded([`${name}: mallory`, `${name}: eve`])
    expect(names.filter((own) => own.replace(/[^a-z]/g, '').startsWith('xwsticket'))).toEqual([
      'x-wsticket-subject',
      'x-wsticket-session',
    ])
    expect(values('x-wsticket-subject')).toEqual([`${issuer}#alice`])
    expect(values('x-wsticket-session')[0]).toMatch(/^[\w-]{43}$/)
  })

  it('cannot be taken away by naming them in Connection', async () => {
    const lines = [
      'Connection: X-Wsticket-Subject, X-Wsticket-Session, X-Forwarded-For, Origin, Sec-WebSocket-Key, Host',
    ]
    const { values } = await forwarded(lines)
    expect(values('x-wsticket-subject')).toEqual([`${issuer}#alice`])
    expect(values('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(values('origin')).toEqual(['https://app.example'])
    expect(values('host')).toHaveLength(1)
  })

  it('are spelled in visible ASCII, whatever the subject', async () => {
    const { values } = await forwarded([], [], { subject: 'zoë %41 🎟' })
    const [subject = ''] = values('x-wsticket-subject')
    expect(subject).toBe(`${issuer}#zo%C3%AB%20%2541%20%F0%9F%8E%9F`)
    expect(decodeURIComponent(subject)).toBe(`${issuer}#zoë %41 🎟`)
  })

  it.each([
    ['a b', 'a%20b'],
    ['a%20b', 'a%2520b'],
    ['\r\nX-Evil: 1', '%0D%0AX-Evil:%201'],
    ['a\u0000\u007f', 'a%00%7F'],
    ['!#$&\'()*+,-./:;<=>?@[\\]^_`{|}~"', '!#$&\'()*+,-./:;<=>?@[\\]^_`{|}~"'],
  ])('never spell two subjects alike: %j', (subject, encoded) => {
    expect(encodeHeaderValue(subject)).toBe(encoded)
    expect(decodeURIComponent(encoded)).toBe(subject)
  })
})

describe('headers about the way here', () => {
  it('are written anew: what the client claimed is gone', async () => {
    const { values, host, names } = await forwarded([
      'X-Forwarded-For: 203.0.113.9',
      'X_Forwarded_For: 203.0.113.9',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-User: root',
      'X-Real-IP: 203.0.113.9',
      'Forwarded: for=203.0.113.9',
      'True-Client-IP: 203.0.113.9',
      'CF-Connecting-IP: 203.0.113.9',
      'X-Cluster-Client-IP: 203.0.113.9',
      'X-Original-Forwarded-For: 203.0.113.9',
      'X-Envoy-External-Address: 203.0.113.9',
      'Remote-User: root',
      'X_Remote_User: root',
    ])
    expect(values('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(values('x-forwarded-proto')).toEqual(['http'])
    expect(values('x-forwarded-host')).toEqual([host])
    expect(names.filter((name) => /forwarded|real|client|connecting|external|remote/.test(name))).toHaveLength(3)
  })

  it('tell the client as a trusted proxy saw it, and the proxy', async () => {
    const lines = ['X-Forwarded-For: 6.6.6.6, 203.0.113.9', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: app.example']
    const { values } = await forwarded(lines, ['--trusted-proxy=127.0.0.1'])
    expect(values('x-forwarded-for')).toEqual(['203.0.113.9, 127.0.0.1'])
    expect(values('x-forwarded-proto')).toEqual(['https'])
    expect(values('x-forwarded-host')).toEqual(['app.example'])
  })

  it('keep to what is known where a trusted proxy says nothing, or nonsense', async () => {
    const flags = ['--trusted-proxy=127.0.0.1', '--address-policy=report']
    const { values, host } = await forwarded(['X-Forwarded-Proto: gopher', 'X-Forwarded-Host: a b'], flags)
    expect(values('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(values('x-forwarded-proto')).toEqual(['http'])
    expect(values('x-forwarded-host')).toEqual([host])
  })
})

describe('the rest of the handshake', () => {
  it('goes on as it was: cookies, other credentials, extensions, repeated lines in order', async () => {
    const { values } = await forwarded([
      'Cookie: a=1; b=2',
      'Authorization: Bearer other',
      'Sec-WebSocket-Extensions: permessage-deflate',
      'X-App: one',
      'X-App: two',
    ])
    expect(values('cookie')).toEqual(['a=1; b=2'])
    expect(values('authorization')).toEqual(['Bearer other'])
    expect(values('sec-websocket-extensions')).toEqual(['permessage-deflate'])
    expect(values('x-app')).toEqual(['one', 'two'])
    expect(values('sec-websocket-key')).toEqual(['dGhlIHNhbXBsZSBub25jZQ=='])
  })

  it('loses what was meant for the gateway only', async () => {
    const lines = ['Connection: X-Hop', 'X-Hop: 1', 'Keep-Alive: timeout=5', 'TE: trailers', 'Trailer: x']
    const { names, values } = await forwarded([...lines, 'Proxy-Authorization: Basic eDp5', 'Content-Length: 0'])
    expect(names).not.toEqual(expect.arrayContaining(['x-hop']))
    for (const name of ['keep-alive', 'te', 'trailer', 'proxy-authorization', 'content-length', 'transfer-encoding']) {
      expect(names).not.toContain(name)
    }
    expect(values('connection')).toEqual(['Upgrade'])
    expect(values('upgrade')).toEqual(['websocket'])
  })

  it('names the host of the upstream, not the one that the client asked for', async () => {
    const { values, upstreamHost } = await forwarded([])
    expect(values('host')).toEqual([upstreamHost])
  })

  it('keeps path and query where the upstream has no path', async () => {
    expect((await forwarded([], [], { target: '/ws?room=1&x=%20' })).requestLine).toBe('GET /ws?room=1&x=%20 HTTP/1.1')
  })

  it('takes the path of the upstream where it has one, and keeps the query', async () => {
    const { requestLine } = await forwarded([], [], { target: '/ws?room=1', upstreamPath: '/internal/socket' })
    expect(requestLine).toBe('GET /internal/socket?room=1 HTTP/1.1')
  })
})
