import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as requestHttp } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type AttemptReport, answerAttempt } from '../src/development/attempt.ts'
import { startDevelopmentServer } from '../src/development/development-server.ts'
import { createWitness } from '../src/development/witness.ts'
import type { GatewayEvent } from '../src/events.ts'
import { sendRaw } from './clients.ts'
import { startEcho } from './upstreams.ts'

interface Development {
  readonly url: string
  readonly port: number
  readonly events: readonly GatewayEvent[]
  readonly folder: string
  /** POST with a JSON body. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  token(subject?: string, expiresIn?: number): Promise<string>
  ticket(audience?: string, token?: string): Promise<string>
  attempt(body: object): Promise<AttemptReport>
}

async function startDevelopment(upstream?: string): Promise<Development> {
  const events: GatewayEvent[] = []
  const folder = await mkdtemp(join(tmpdir(), 'wsticket-gateway-'))
  const server = await startDevelopmentServer({
    port: 0,
    upstream: upstream ?? (await startEcho()).url,
    playground: pathToFileURL(`${folder}/playground/`),
    library: pathToFileURL(`${folder}/library/`),
    onEvent: (event) => events.push(event),
  })
  onTestFinished(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })
  const json = { 'content-type': 'application/json' }
  const post = (path: string, body: unknown, headers = {}) =>
    fetch(`${server.url}${path}`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
  const token = async (subject = 'alice', expires_in = 300) => {
    const response = await post('/dev/token', { subject, expires_in })
    return ((await response.json()) as { access_token: string }).access_token
  }
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    events,
    folder,
    post,
    token,
    async ticket(audience = 'chat', bearer) {
      const authorization = `Bearer ${bearer ?? (await token())}`
      const response = await post('/tickets', { audience }, { authorization })
      expect(response.status).toBe(201)
      return ((await response.json()) as { ticket: string }).ticket
    },
    attempt: async (body) => (await (await post('/dev/attempt', body)).json()) as AttemptReport,
  }
}

describe('the development identity provider', () => {
  it('signs real tokens for anybody, verifiable through its own discovery document and key set', async () => {
    const { url, token } = await startDevelopment()
    const discovered = await (await fetch(`${url}/dev/.well-known/openid-configuration`)).json()
    const { issuer, jwks_uri } = discovered as { issuer: string; jwks_uri: string }
    expect(issuer).toBe(`${url}/dev`)
    const accessToken = await token('bob', 60)
    const { payload } = await jwtVerify(accessToken, createRemoteJWKSet(new URL(jwks_uri)), { issuer, typ: 'at+jwt' })
    expect(decodeProtectedHeader(accessToken).alg).toBe('ES256')
    expect(payload.sub).toBe('bob')
    expect((payload.exp as number) - (payload.iat as number)).toBeLessThanOrEqual(61)
  })

  it('says that it is for development only, in a header and in the body', async () => {
    const { post } = await startDevelopment()
    const response = await post('/dev/token', { subject: 'alice' })
    expect(response.headers.get('x-development-only')).toMatch(/FOR DEVELOPMENT ONLY/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 300,
      warning: expect.stringMatching(/FOR DEVELOPMENT ONLY/),
    })
  })

  it.each([
    [{}],
    [{ subject: '' }],
    [{ subject: 7 }],
    [{ subject: 'a', expires_in: 0 }],
    [{ subject: 'a', expires_in: 3601 }],
    [{ subject: 'a', expires_in: 1.5 }],
    [{ subject: 'a', admin: true }],
    ['alice'],
    [{ subject: 'a'.repeat(5000) }],
  ])('refuses %j', async (body) => {
    const { post } = await startDevelopment()
    const response = await post('/dev/token', body)
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
  })

  it('reads no body of more than four kilobytes', async () => {
    const { url } = await startDevelopment()
    const headers = { 'content-type': 'application/json' }
    const statusOf = async (padding: number) => {
      const body = `{"subject":"alice"}${' '.repeat(padding)}`
      return (await fetch(`${url}/dev/token`, { method: 'POST', headers, body })).status
    }
    expect([await statusOf(4000), await statusOf(5000)]).toEqual([200, 400])
  })

  it('shows no private key', async () => {
    const { url } = await startDevelopment()
    const { keys } = (await (await fetch(`${url}/dev/jwks.json`)).json()) as { keys: object[] }
    expect(keys).toHaveLength(1)
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })
})

describe('other machines and other pages', () => {
  it.each(['/', '/dev/events', '/dev/jwks.json', '/playground/page.css'])(
    'cannot read %s by a name of theirs',
    async (path) => {
      const { port } = await startDevelopment()
      const request = requestHttp({ port, path, host: '127.0.0.1', headers: { Host: `rebound.example:${port}` } })
      const status = new Promise((resolve) => request.once('response', (response) => resolve(response.statusCode)))
      request.end()
      expect(await status).toBe(421)
      request.destroy()
    },
  )

  it.each(['/dev/token', '/dev/attempt', '/dev/events'])('cannot use %s', async (path) => {
    const { post, url } = await startDevelopment()
    const headers = { origin: 'https://evil.example' }
    const response = path === '/dev/events' ? await fetch(`${url}${path}`, { headers }) : await post(path, {}, headers)
    expect(response.status).toBe(403)
    expect(response.headers.has('access-control-allow-origin')).toBe(false)
  })

  it.each(['/dev/token', '/dev/attempt'])('cannot send a form to %s', async (path) => {
    const { url } = await startDevelopment()
    const body = JSON.stringify({ subject: 'alice', ticket: 'x' })
    const response = await fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })
    expect(response.status).toBe(415)
  })

  it('are not the page itself, under either of its names', async () => {
    const { post, port } = await startDevelopment()
    for (const name of ['127.0.0.1', 'localhost']) {
      const response = await post('/dev/token', { subject: 'alice' }, { origin: `http://${name}:${port}` })
      expect(response.status).toBe(200)
    }
  })
})

describe('an attempt', () => {
  it('is admitted with a good ticket, and shows what was sent and what came back', async () => {
    const { ticket, attempt, url, port } = await startDevelopment()
    const good = await ticket()
    const { sent, received, admitted, status, event } = await attempt({ ticket: good })
    expect({ admitted, status }).toEqual({ admitted: true, status: 101 })
    expect(sent).toEqual([
      'GET /ws HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      expect.stringMatching(/^Sec-WebSocket-Key: /),
      `Sec-WebSocket-Protocol: wsticket.v1, ${good.slice(0, 8)}…`,
      `Origin: ${url}`,
    ])
    expect(received[0]).toBe('HTTP/1.1 101 Switching Protocols')
    expect(received).toContain('Sec-WebSocket-Protocol: wsticket.v1')
    expect(event).toMatchObject({ type: 'admitted', subject: `${url}/dev#alice`, audience: 'chat' })
  })

  it('with the same ticket twice is refused the second time', async () => {
    const { ticket, attempt } = await startDevelopment()
    const once = await ticket()
    expect(await attempt({ ticket: once })).toMatchObject({ admitted: true })
    const { received, ...twice } = await attempt({ ticket: once })
    expect(twice).toMatchObject({ admitted: false, status: 401, event: { type: 'refused', code: 'ticket_spent' } })
    expect(received[0]).toBe('HTTP/1.1 401 Unauthorized')
    expect(JSON.parse(received.at(-1) ?? '')).toMatchObject({ status: 401, code: 'invalid_ticket' })
  })

  it('with a ticket that has expired is refused', async () => {
    const { ticket, token, attempt, events } = await startDevelopment()
    const shortLived = await ticket('chat', await token('alice', 3))
    const issued = events.find((event) => event.type === 'ticket_issued')
    const remainingMs = (issued?.expiresAt ?? 0) - Date.now()
    expect(remainingMs).toBeLessThanOrEqual(4000)
    await new Promise((resolve) => setTimeout(resolve, remainingMs + 1))
    expect(await attempt({ ticket: shortLived })).toMatchObject({ status: 401, event: { code: 'ticket_expired' } })
  })

  it('with a ticket for another audience is refused', async () => {
    const { ticket, attempt } = await startDevelopment()
    const other = await ticket('billing')
    expect(await attempt({ ticket: other })).toMatchObject({ status: 401, event: { code: 'audience_mismatch' } })
  })

  it.each([['https://evil.example'], ['null'], ['http://localhost']])(
    'from the origin %s is refused',
    async (origin) => {
      const { ticket, attempt } = await startDevelopment()
      const { sent, ...report } = await attempt({ ticket: await ticket(), origin })
      expect(sent).toContain(`Origin: ${origin}`)
      expect(report).toMatchObject({ admitted: false, status: 403, event: { code: 'origin_forbidden', origin } })
    },
  )

  it('without an origin is refused', async () => {
    const { ticket, attempt } = await startDevelopment()
    const { sent, ...report } = await attempt({ ticket: await ticket(), origin: null })
    expect(sent.join()).not.toContain('Origin')
    expect(report).toMatchObject({ status: 403, event: { code: 'origin_forbidden', origin: null } })
  })

  // Linux has all of 127.0.0.0/8; other systems have 127.0.0.1 only.
  it.runIf(process.platform === 'linux')('from another address is refused', async () => {
    const { ticket, attempt } = await startDevelopment()
    const report = await attempt({ ticket: await ticket(), fromAddress: '127.9.9.9' })
    expect(report).toMatchObject({ status: 401, event: { code: 'address_mismatch', clientAddress: '127.9.9.9' } })
  })

  it('from an address that the machine does not have is a problem of its own', async () => {
    // TEST-NET-1 (RFC 5737) is nobody's.
    const target = { origin: 'http://127.0.0.1:9', path: '/ws', witness: createWitness() }
    const response = await answerAttempt({ ticket: 'x', fromAddress: '192.0.2.1' }, target)
    expect([response.status, await response.json()]).toMatchObject([409, { code: 'address_unavailable' }])
  })

  it.each([
    ['that is not well formed', 'wst_garbage', 'ticket_malformed'],
    ['that nobody issued', `wst_${'A'.repeat(43)}`, 'ticket_unknown'],
  ])('with a forged ticket %s is refused', async (_, ticket, code) => {
    const { attempt } = await startDevelopment()
    expect(await attempt({ ticket })).toMatchObject({ status: 401, event: { type: 'refused', code } })
  })

  it('is told its own event, among many at once', async () => {
    const { ticket, attempt, url } = await startDevelopment()
    const good = await ticket()
    const reports = await Promise.all([
      attempt({ ticket: 'wst_garbage' }),
      attempt({ ticket: good, origin: 'https://one.example' }),
      attempt({ ticket: good }),
      attempt({ ticket: good, origin: 'https://two.example' }),
      attempt({ ticket: 'nothing' }),
    ])
    expect(reports.map(({ event }) => event)).toMatchObject([
      { code: 'ticket_malformed', origin: url },
      { code: 'origin_forbidden', origin: 'https://one.example' },
      { type: 'admitted', origin: url },
      { code: 'origin_forbidden', origin: 'https://two.example' },
      { code: 'ticket_missing', origin: url },
    ])
  })

  it('shows the ticket nowhere, wherever it was put', async () => {
    const { ticket, attempt } = await startDevelopment()
    const good = await ticket()
    expect(JSON.stringify(await attempt({ ticket: good, origin: `https://${good}.example` }))).not.toContain(good)
  })

  it('tells why when it is the upstream that fails', async () => {
    const { ticket, attempt } = await startDevelopment('ws://127.0.0.1:9')
    const report = await attempt({ ticket: await ticket() })
    expect(report).toMatchObject({ status: 502, event: { type: 'upstream_failed', code: 'upstream_unreachable' } })
  })

  it.each([
    [{}],
    [{ ticket: '' }],
    [{ ticket: 'a b' }],
    [{ ticket: 'a\r\nX-Evil: 1' }],
    [{ ticket: 'x', origin: 'a\r\nX-Evil: 1' }],
    [{ ticket: 'x', fromAddress: '192.0.2.1' }],
    [{ ticket: 'x', fromAddress: 'localhost' }],
    [{ ticket: 'x', fromAddress: '127.0.0.999' }],
    [{ ticket: 'x', port: 22 }],
  ])('cannot be %j', async (body) => {
    const { post } = await startDevelopment()
    const response = await post('/dev/attempt', body)
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
  })
})

describe('a forged token', () => {
  it('gets no ticket', async () => {
    const { token, url } = await startDevelopment()
    const [head, payload, signature] = (await token()).split('.') as [string, string, string]
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url')
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    for (const bearer of [`${head}.${forged}.${signature}`, `${none}.${payload}.`, 'garbage']) {
      const response = await fetch(`${url}/tickets`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` } })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
    }
  })
})

describe('the event stream', () => {
  it('tells newcomers what happened before, and then what happens', async () => {
    const { url, ticket, attempt } = await startDevelopment()
    const early = await ticket()
    const events = listen(await fetch(`${url}/dev/events`))
    expect(await events.next()).toMatchObject({ value: { type: 'ticket_issued' } })
    await attempt({ ticket: early })
    expect(await events.next()).toMatchObject({ value: { type: 'admitted' } })
  })

  it('keeps the last fifty', async () => {
    const { url, attempt, events } = await startDevelopment()
    for (let count = 0; count < 55; count += 1)
      await attempt({ ticket: 'x', origin: `https://number-${count}.example` })
    expect(events).toHaveLength(55)
    const stream = listen(await fetch(`${url}/dev/events`))
    expect(await stream.next()).toMatchObject({ value: { origin: 'https://number-5.example' } })
  })

  it('takes twenty listeners, and another one when one has left', async () => {
    const { url } = await startDevelopment()
    const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/dev/events`)))
    expect((await fetch(`${url}/dev/events`)).status).toBe(503)
    await responses[0]?.body?.cancel()
    await expect.poll(async () => (await fetch(`${url}/dev/events`)).status).toBe(200)
  })
})

describe('the page', () => {
  async function startWithPage() {
    const development = await startDevelopment()
    await mkdir(join(development.folder, 'playground'))
    await mkdir(join(development.folder, 'library', 'client'), { recursive: true })
    const put = (name: string, contents: string) => writeFile(join(development.folder, name), contents)
    await put('playground/index.html', '<script type="importmap">{"imports":{}}</script>')
    await put('playground/main.js', 'export {}')
    await put('playground/page.css', 'a{}')
    await put('playground/icon.svg', '<svg/>')
    await put('playground/.tsbuildinfo', 'internal')
    await put('playground/main.js.map', 'internal')
    await put('library/client/index.js', 'export {}')
    await put('library/refusals.js', 'export {}')
    await mkdir(join(development.folder, 'library', 'stores'))
    await put('library/stores/memory.js', 'internal')
    await put('library/index.d.ts', 'internal')
    await put('secret.js', 'internal')
    return development
  }

  it('is served under a policy that names its import map and nothing else inline', async () => {
    const { url, port } = await startWithPage()
    const response = await fetch(url)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self' 'sha256-URrTy+Il/Nz0lHojVUx275hWqAWhkSF0VsHbUM4/6Hw='",
      "style-src 'self'",
      "img-src 'self' data:",
      `connect-src 'self' ws://127.0.0.1:${port} ws://localhost:${port}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
  })

  it.each([
    ['/playground/main.js', 'text/javascript; charset=utf-8'],
    ['/playground/page.css', 'text/css; charset=utf-8'],
    ['/playground/icon.svg', 'image/svg+xml'],
    ['/modules/wsticket/client/index.js', 'text/javascript; charset=utf-8'],
    ['/modules/wsticket/refusals.js', 'text/javascript; charset=utf-8'],
  ])('has its file %s', async (path, type) => {
    const { url } = await startWithPage()
    const response = await fetch(`${url}${path}`)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it.each([
    '/playground/.tsbuildinfo',
    '/playground/main.js.map',
    '/playground/missing.js',
    '/playground/../secret.js',
    '/playground/..%2fsecret.js',
    '/playground/%2e%2e/secret.js',
    '/playground/..%5csecret.js',
    '/playground/main.js%00.css',
    '/playground/',
    '/modules/wsticket/index.d.ts',
    '/modules/wsticket/stores/memory.js',
    '/modules/wsticket/client/../stores/memory.js',
    '/modules/wsticket/client/..%2fstores%2fmemory.js',
    '/modules/wsticket/client/%2e%2e/stores/memory.js',
    '/modules/wsticket/../../secret.js',
    '//etc/passwd',
    '/%',
  ])('gives nothing away at %s', async (path) => {
    const development = await startWithPage()
    const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${development.port}\r\nConnection: close\r\n\r\n`
    const answer = await sendRaw(development, head).all()
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(answer).not.toContain('internal')
  })

  it('has a stand-in until it is built', async () => {
    const { url } = await startDevelopment()
    expect(await (await fetch(url)).text()).toContain('npm run build')
  })
})

/** The events of a stream. */
async function* listen(response: Response): AsyncGenerator<unknown> {
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (text + chunk).split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) if (part.startsWith('data: ')) yield JSON.parse(part.slice(6))
  }
}

describe('a page of another site', () => {
  it('cannot take the places of those who listen to the events', async () => {
    const { url } = await startDevelopment()
    for (let tries = 0; tries < 25; tries += 1) {
      expect((await fetch(`${url}/dev/events`, { method: 'HEAD' })).status).toBe(200)
      const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
      expect((await fetch(`${url}/dev/events`, { headers })).status).toBe(403)
    }
    const listening = await fetch(`${url}/dev/events`)
    expect(listening.status).toBe(200)
    await listening.body?.cancel()
  })
})
