import { once } from 'node:events'
import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLock } from 'wsticket/client'
import type { GatewayEvent } from '../src/events.ts'
import { openWebSocket, sendRaw } from './clients.ts'
import { type GatewayUnderTest, origin, startGateway } from './gateway-under-test.ts'
import { startEcho, startRawUpstream } from './upstreams.ts'

const flags = ['--event-streams=on', '--carrier=query', '--carrier=subprotocol']

interface StreamUpstream {
  readonly url: string
  readonly requests: IncomingMessage[]
  readonly responses: ServerResponse[]
}

/** A real HTTP server that knows nothing of tickets, and by default begins a stream. */
async function startStreams(answer = begin): Promise<StreamUpstream> {
  const requests: IncomingMessage[] = []
  const responses: ServerResponse[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    responses.push(response)
    answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, responses }
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
}

interface Asking {
  readonly target?: string
  readonly lines?: readonly string[]
}

/** Asks for an event stream as a page does, over a connection that nothing else comes over. */
function ask(gateway: GatewayUnderTest, { target = '/ws', lines = [`Origin: ${origin}`] }: Asking = {}) {
  const head = [`GET ${target} HTTP/1.1`, 'Host: gateway.example', 'Connection: close', 'Accept: text/event-stream']
  return sendRaw(gateway, `${[...head, ...lines].join('\r\n')}\r\n\r\n`)
}

async function askWithTicket(gateway: GatewayUnderTest, { target = '/ws?room=1', ...asking }: Asking = {}) {
  return ask(gateway, { target: `${target}&ticket=${await gateway.ticket()}`, ...asking })
}

/** What the endpoint says of the ticket that was admitted. */
async function fateOf(gateway: GatewayUnderTest): Promise<unknown> {
  const { ticketId } = await gateway.event('admitted')
  const headers = { authorization: 'Bearer %22alice%22' }
  return (await fetch(`${gateway.url}/tickets/${ticketId}`, { headers })).json()
}

/** Resolves once a figure has been the same for half a second. */
async function untilStill(look: () => number | undefined): Promise<void> {
  for (let last = look(), same = 0; same < 5; last = look()) {
    await pause(100)
    same = look() === last ? same + 1 : 0
  }
}

const linesOf = (head: string) => head.split('\r\n').slice(1)
const valuesOf = (head: string, name: string) =>
  linesOf(head).flatMap((line) => (line.toLowerCase().startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []))

describe('an event stream at the gateway', () => {
  it('reaches the upstream with who it is, and nothing of the ticket', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, flags)
    const lines = [
      `Origin: ${origin}`,
      'X-Wsticket-Subject: mallory',
      'X_Wsticket_Subject: mallory',
      'Accept-Encoding: gzip',
    ]
    const { lock, key } = await createLock()
    const asked = await fetch(`${gateway.url}/tickets`, {
      method: 'POST',
      headers: { authorization: 'Bearer %22alice%22', 'content-type': 'application/json' },
      body: JSON.stringify({ lock }),
    })
    const { ticket, id } = (await asked.json()) as { ticket: string; id: string }
    const target = `/ws?room=1&ticket=${ticket}&key=${key}&lastEventId=7`
    const head = await ask(gateway, { target, lines }).head()
    expect(head).toMatch(/^HTTP\/1\.1 200 /)
    const [{ method, url, rawHeaders, headers } = {} as IncomingMessage] = upstream.requests
    expect([method, url]).toEqual(['GET', '/ws?room=1'])
    expect(headers).toMatchObject({
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      connection: 'close',
      host: new URL(upstream.url).host,
      'last-event-id': '7',
      origin,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'gateway.example',
      'x-wsticket-session': id,
      'x-wsticket-subject': 'https://id.example#alice',
    })
    expect(/ws[tk]_|mallory|upgrade/i.test(JSON.stringify(rawHeaders))).toBe(false)
    expect(gateway.events).toMatchObject([{ type: 'ticket_issued' }, { type: 'admitted', carrier: 'query', origin }])
    expect(/ws[tk]_/.test(JSON.stringify(gateway.events))).toBe(false)
  })

  it('is passed on as it comes, under headers of the gateway', async () => {
    const upstream = await startStreams((response) => {
      const headers = ['Content-Type', 'text/event-stream; charset=utf-8', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']
      const others = ['X-Own', '1', 'X-Hop', '1', 'Connection', 'X-Hop', 'Cache-Control', 'public']
      response.writeHead(200, [...headers, ...others, 'Access-Control-Allow-Origin', '*']).flushHeaders()
    })
    const gateway = await startGateway(upstream.url, flags)
    const client = await askWithTicket(gateway)
    const head = await client.head()
    expect(valuesOf(head, 'content-type')).toEqual(['text/event-stream; charset=utf-8'])
    expect(valuesOf(head, 'set-cookie')).toEqual(['a=1', 'b=2'])
    expect(valuesOf(head, 'x-own')).toEqual(['1'])
    expect(valuesOf(head, 'x-hop')).toEqual([])
    expect(valuesOf(head, 'cache-control')).toEqual(['no-store'])
    expect(valuesOf(head, 'access-control-allow-origin')).toEqual([origin])
    expect(valuesOf(head, 'vary')).toEqual(['Origin'])
    const received: string[] = []
    client.socket.on('data', (chunk: Buffer) => received.push(chunk.toString()))
    upstream.responses[0]?.write('data: 1\n\n')
    await expect.poll(() => received.join('')).toContain('data: 1\n\n')
    upstream.responses[0]?.end('data: 2\n\n')
    expect(await client.all()).toMatch(/data: 2\n\n\r\n0\r\n\r\n$/)
  })

  it('loses nothing that it depends on to a Connection that names it', async () => {
    const upstream = await startStreams((response) => {
      const headers = { 'Content-Type': 'text/event-stream', Connection: 'content-type, x-hop', 'X-Hop': '1' }
      response.writeHead(200, headers).flushHeaders()
    })
    const gateway = await startGateway(upstream.url, flags)
    const lines = [`Origin: ${origin}`, 'Last-Event-ID: 5', 'Connection: accept, last-event-id, x-hop', 'X-Hop: 1']
    const head = await (await askWithTicket(gateway, { lines })).head()
    expect(upstream.requests[0]?.headers).toMatchObject({ accept: 'text/event-stream', 'last-event-id': '5' })
    expect(upstream.requests[0]?.headers).not.toHaveProperty('x-hop')
    expect(valuesOf(head, 'content-type')).toEqual(['text/event-stream'])
    expect(valuesOf(head, 'x-hop')).toEqual([])
  })

  it('is kept by no proxy in front, whatever the upstream says to it', async () => {
    const toProxies = {
      'CDN-Cache-Control': 'public, max-age=600',
      'Cloudflare-CDN-Cache-Control': 'public, max-age=600',
      'Surrogate-Control': 'max-age=600',
      'X-Accel-Expires': '600',
      'X-Accel-Redirect': '/internal',
      Expires: 'Thu, 01 Dec 2099 16:00:00 GMT',
    }
    const upstream = await startStreams((response) => {
      const headers = { 'Content-Type': 'text/event-stream', 'X-Content-Type-Options': 'sniff', ...toProxies }
      response.writeHead(200, headers).flushHeaders()
    })
    const gateway = await startGateway(upstream.url, flags)
    const head = await (await askWithTicket(gateway)).head()
    for (const name of Object.keys(toProxies)) expect(valuesOf(head, name.toLowerCase())).toEqual([])
    expect(valuesOf(head, 'cache-control')).toEqual(['no-store'])
    expect(valuesOf(head, 'x-accel-buffering')).toEqual(['no'])
    expect(valuesOf(head, 'x-content-type-options')).toEqual(['nosniff'])
  })

  it('keeps the bytes of the headers, and sends them before there is an event', async () => {
    const upstream = await startStreams((response) => {
      // In a latin1 string these are the bytes of an e with an acute accent in UTF-8, and of one that is no UTF-8.
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Own': 'caf\u00c3\u00a9 \u00e9' })
      response.write(Buffer.alloc(0))
    })
    const gateway = await startGateway(upstream.url, flags)
    const head = await (await askWithTicket(gateway)).head()
    expect(valuesOf(head, 'x-own')).toEqual(['caf\u00c3\u00a9 \u00e9'])
  })

  it('shows the upstream the other cookies, and clears that of the ticket after whatever the upstream sets', async () => {
    const theirs = ['a=1', '__Host-wsticket=theirs; Secure; Path=/']
    const upstream = await startStreams((response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Set-Cookie': theirs }).flushHeaders()
    })
    const gateway = await startGateway(upstream.url, ['--event-streams=on', '--carrier=cookie'])
    const issued = await fetch(`${gateway.url}/tickets`, {
      method: 'POST',
      headers: { authorization: 'Bearer %22alice%22', 'content-type': 'application/json', origin },
      body: JSON.stringify({ carrier: 'cookie' }),
    })
    const [cookie = ''] = issued.headers.getSetCookie()
    const lines = [`Origin: ${origin}`, `Cookie: b="c d"; ${cookie.split(';', 1)[0]}; e`]
    const head = await ask(gateway, { lines }).head()
    const clearing = '__Host-wsticket=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0'
    expect(valuesOf(head, 'set-cookie')).toEqual([...theirs, clearing])
    expect(valuesOf(head, 'access-control-allow-credentials')).toEqual(['true'])
    expect(upstream.requests[0]?.headers.cookie).toBe('b="c d"; e')
    expect(gateway.events).toMatchObject([{ type: 'ticket_issued' }, { type: 'admitted', carrier: 'cookie' }])
  })

  it('takes a ticket in Authorization, of a client that is no page, and shows the upstream nothing of it', async () => {
    const upstream = await startStreams()
    const admitting = ['--carrier=authorization', '--non-browser-clients=authorization_carrier']
    const gateway = await startGateway(upstream.url, ['--event-streams=on', ...admitting])
    const head = await ask(gateway, { lines: [`Authorization: Ticket ${await gateway.ticket()}`] }).head()
    expect(head).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(await gateway.event('admitted')).toMatchObject({ carrier: 'authorization' })
  })

  it('is closed at the upstream where its client is gone, before the answer and after it', async () => {
    const late = await startStreams(() => {})
    const early = await startStreams()
    for (const upstream of [late, early]) {
      const gateway = await startGateway(upstream.url, flags)
      const client = await askWithTicket(gateway)
      await expect.poll(() => upstream.responses.length).toBe(1)
      if (upstream === early) await client.head()
      const closed = once(upstream.responses[0] as ServerResponse, 'close')
      client.socket.destroy()
      await closed
      if (upstream === late) expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'client_gone' })
    }
  })

  it('waits for a client that does not read', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, flags)
    const client = await askWithTicket(gateway)
    await client.head()
    client.socket.pause()
    const [response] = upstream.responses
    const chunk = Buffer.alloc(1024 * 1024, ':')
    let written = 0
    while (response?.write(chunk) || written < 4) written += 1
    await pause(500)
    // More than the buffers of four sockets hold: nobody has taken it.
    for (let more = 0; more < 64; more += 1) response?.write(chunk)
    await pause(500)
    expect(response?.writableLength).toBeGreaterThan(32 * 1024 * 1024)
    client.socket.destroy()
  })

  it('is cut where the upstream is', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, flags)
    const client = await askWithTicket(gateway)
    await client.head()
    upstream.responses[0]?.destroy()
    expect(await client.all()).not.toMatch(/0\r\n\r\n$/)
  })

  it('takes its place beside WebSockets, on one path', async () => {
    const upstream = await startEcho()
    const gateway = await startGateway(upstream.url, flags)
    await openWebSocket(gateway, await gateway.ticket())
    expect(await (await askWithTicket(gateway)).head()).toMatch(/^HTTP\/1\.1 502 /)
  })
})

describe('the end of the session of an event stream at the gateway', () => {
  it('is told with a last event, and closes the upstream', async () => {
    const upstream = await startStreams((response) => {
      begin(response)
      response.write('data: half\n')
    })
    const gateway = await startGateway(upstream.url, flags)
    const client = await askWithTicket(gateway)
    await client.head()
    const { ticketId } = await gateway.event('admitted')
    const closed = once(upstream.responses[0] as ServerResponse, 'close')
    const revoked = { method: 'DELETE', headers: { authorization: 'Bearer %22alice%22' } }
    expect((await fetch(`${gateway.url}/tickets/${ticketId}`, revoked)).status).toBe(204)
    await closed
    const event = ':\nevent: wsticket\ndata: {"code":4401,"reason":"session_revoked","action":"stop"}\n\n'
    const all = await client.all()
    expect(all.endsWith(`${event}\r\n0\r\n\r\n`)).toBe(true)
    expect(await gateway.event('session_ended')).toMatchObject({ ticketId, ending: 'session_revoked' })
  })

  it('cuts a client that does not read, and closes the upstream at once', async () => {
    const upstream = await startStreams((response) => {
      begin(response)
      const chunk = Buffer.alloc(1024 * 1024, ':')
      for (let written = 0; written < 64; written += 1) response.write(chunk)
    })
    const gateway = await startGateway(upstream.url, flags)
    const client = await askWithTicket(gateway)
    client.socket.pause()
    const { ticketId } = await gateway.event('admitted')
    await untilStill(() => upstream.responses[0]?.writableLength)
    expect(upstream.responses[0]?.writableLength).toBeGreaterThan(32 * 1024 * 1024)
    const closed = once(upstream.responses[0] as ServerResponse, 'close')
    const revoked = { method: 'DELETE', headers: { authorization: 'Bearer %22alice%22' } }
    expect((await fetch(`${gateway.url}/tickets/${ticketId}`, revoked)).status).toBe(204)
    await closed
    // The client has some seconds still.
    expect(gateway.events.map(({ type }) => type)).not.toContain('session_ended')
    expect(await gateway.event('session_ended')).toMatchObject({ ticketId, ending: 'session_revoked' })
    client.socket.resume()
    expect(await client.all()).not.toContain('event: wsticket')
  })

  it('comes in a drain', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, [...flags, '--drain-window-ms=0'])
    const client = await askWithTicket(gateway)
    await client.head()
    await gateway.stop(5000)
    expect(await client.all()).toContain('data: {"code":1012,"reason":"restarting","action":"wait"}')
  })

  it('comes in a drain that began while the upstream was asked', async () => {
    const upstream = await startStreams(() => {})
    const gateway = await startGateway(upstream.url, flags)
    const client = await askWithTicket(gateway)
    await expect.poll(() => upstream.responses.length).toBe(1)
    const stopped = gateway.stop(20_000)
    await pause(1500)
    begin(upstream.responses[0] as ServerResponse)
    expect(await client.all()).toContain('data: {"code":1012,"reason":"restarting","action":"wait"}')
    await stopped
  })

  it('is not waited for beyond the deadline of a drain', async () => {
    const upstream = await startStreams(() => {})
    const gateway = await startGateway(upstream.url, flags)
    await askWithTicket(gateway)
    await expect.poll(() => upstream.responses.length).toBe(1)
    const startedAt = performance.now()
    await gateway.stop(1200)
    expect(performance.now() - startedAt).toBeGreaterThan(1100)
    expect(performance.now() - startedAt).toBeLessThan(8000)
  })
})

describe('an event stream that the gateway refuses', () => {
  it('is none where they are off', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, ['--carrier=query'])
    const client = await askWithTicket(gateway)
    expect(await client.head()).toMatch(/^HTTP\/1\.1 404 /)
    expect(upstream.requests).toEqual([])
  })

  it.each([
    ['no ticket', 401, async () => ({})],
    ['two', 400, async (gateway: GatewayUnderTest) => ({ target: `/ws?ticket=${await gateway.ticket()}&ticket=wst_` })],
    [
      'another page',
      403,
      async (gateway: GatewayUnderTest) => ({
        target: `/ws?ticket=${await gateway.ticket()}`,
        lines: ['Origin: https://evil.example'],
      }),
    ],
    [
      'a page that says nothing of itself',
      403,
      async (gateway: GatewayUnderTest) => ({ target: `/ws?ticket=${await gateway.ticket()}`, lines: [] }),
    ],
  ])('is refused before the upstream hears of it: %s', async (_, status, askingOf) => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, flags)
    const answer = await ask(gateway, (await askingOf(gateway)) as Asking).all()
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(upstream.requests).toEqual([])
  })

  it('is none of a page that has to ask first whether it may send such headers', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, flags)
    const asked = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' }
    const answer = await fetch(`${gateway.url}/ws`, { method: 'OPTIONS', headers: { origin, ...asked } })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('access-control-allow-headers')).toBeNull()
    expect(upstream.requests).toEqual([])
  })

  it('is refused to a page of the gateway itself where that is not in the list, at the endpoint', async () => {
    const gateway = await startGateway('ws://127.0.0.1:9', flags)
    const headers = { authorization: 'Bearer %22alice%22', origin: gateway.url }
    expect((await fetch(`${gateway.url}/tickets`, { method: 'POST', headers })).status).toBe(403)
  })

  it('leaves its ticket unspent where it was malformed', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, flags)
    const target = `/ws?ticket=${await gateway.ticket()}`
    expect(await ask(gateway, { target: `${target}&lastEventId=1&lastEventId=2` }).head()).toMatch(/^HTTP\/1\.1 400 /)
    expect(await ask(gateway, { target }).head()).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('is not asked of the upstream twice with one ticket', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, flags)
    const target = `/ws?ticket=${await gateway.ticket()}`
    expect(await ask(gateway, { target }).head()).toMatch(/^HTTP\/1\.1 200 /)
    expect(await ask(gateway, { target }).head()).toMatch(/^HTTP\/1\.1 401 /)
    expect(upstream.requests).toHaveLength(1)
  })

  it.each<[string, number, string, (response: ServerResponse) => void]>([
    ['is broken', 500, 'upstream_refused', (response) => void response.writeHead(500).end('secret')],
    ['is somewhere else', 302, 'upstream_refused', (response) => void response.writeHead(302, { Location: '/' }).end()],
    [
      'sends something else',
      200,
      'upstream_malformed',
      (response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end(),
    ],
    [
      'says twice what it sends',
      200,
      'upstream_malformed',
      (response) => void response.writeHead(200, { 'Content-Type': ['text/event-stream;a=b', 'text/html'] }),
    ],
    [
      'compresses',
      200,
      'upstream_malformed',
      (response) =>
        void createGzip().pipe(
          response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' }),
        ),
    ],
    [
      'compresses on the way',
      200,
      'upstream_malformed',
      (response) =>
        void response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'gzip, chunked' }),
    ],
  ])('is a 502 where the upstream %s', async (_, status, code, answer) => {
    const upstream = await startStreams((response) => {
      answer(response)
      response.flushHeaders()
    })
    const gateway = await startGateway(upstream.url, flags)
    const refused = await (await askWithTicket(gateway)).all()
    expect(refused).toMatch(/^HTTP\/1\.1 502 .*"code":"upstream_unavailable"/s)
    expect(valuesOf(refused, 'access-control-allow-origin')).toEqual([origin])
    expect(refused).not.toContain('secret')
    expect(await gateway.event('upstream_failed')).toMatchObject({ code, status })
    expect(await fateOf(gateway)).toMatchObject({ state: 'redeemed' })
  })

  it.each([401, 403, 404, 410])('is a 403 where the upstream says %i, and its page is told to stop', async (status) => {
    const upstream = await startStreams((response) => void response.writeHead(status).end('secret'))
    const gateway = await startGateway(upstream.url, flags)
    const refused = await (await askWithTicket(gateway)).all()
    expect(refused).toMatch(/^HTTP\/1\.1 403 .*"code":"forbidden"/s)
    expect(valuesOf(refused, 'access-control-allow-origin')).toEqual([origin])
    expect(refused).not.toContain('secret')
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'upstream_refused', status })
    expect(await fateOf(gateway)).toMatchObject({ state: 'refused', code: 'forbidden', action: 'stop' })
  })

  it('is a 204 where the upstream has nothing to come back for, and its page is told to stop', async () => {
    const upstream = await startStreams((response) => void response.writeHead(204).end())
    const gateway = await startGateway(upstream.url, flags)
    const refused = await (await askWithTicket(gateway)).all()
    expect(refused).toMatch(/^HTTP\/1\.1 204 .*\r\n\r\n$/s)
    expect(valuesOf(refused, 'cache-control')).toEqual(['no-store'])
    expect(valuesOf(refused, 'content-length')).toEqual([])
    expect(valuesOf(refused, 'access-control-allow-origin')).toEqual([origin])
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'upstream_refused', status: 204 })
    expect(await fateOf(gateway)).toMatchObject({ state: 'refused', code: 'forbidden', action: 'stop' })
  })

  it('is a 502 where the upstream takes it for a WebSocket, and where there is none', async () => {
    const upstream = await startRawUpstream((socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    )
    for (const url of [upstream.url, 'ws://127.0.0.1:9']) {
      const gateway = await startGateway(url, flags)
      expect(await (await askWithTicket(gateway)).all()).toMatch(/^HTTP\/1\.1 502 /)
      const [code, status] = url === upstream.url ? ['upstream_refused', 101] : ['upstream_unreachable', null]
      expect(await gateway.event('upstream_failed')).toMatchObject({ code, status })
    }
  })

  it('is a 502 where what the upstream says is no HTTP', async () => {
    const upstream = await startRawUpstream((socket) => socket.end('HTTP/1.1 200 OK\r\nX: a\u0001\r\n\r\n'))
    const gateway = await startGateway(upstream.url, flags)
    expect(await (await askWithTicket(gateway)).all()).toMatch(/^HTTP\/1\.1 502 /)
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'upstream_malformed', status: null })
  })

  it('holds up no stop once its client has left, whatever else that has asked for behind it', async () => {
    const upstream = await startStreams()
    const gateway = await startGateway(upstream.url, flags)
    const lines = ['Host: gateway.example', 'Accept: text/event-stream', `Origin: ${origin}`]
    const first = [`GET /ws?ticket=${await gateway.ticket()} HTTP/1.1`, ...lines].join('\r\n')
    const second = ['GET /ws HTTP/1.1', ...lines].join('\r\n')
    const client = sendRaw(gateway, `${first}\r\n\r\n${`${second}\r\n\r\n`.repeat(2000)}`)
    await gateway.event('admitted')
    await client.all()
    const startedAt = performance.now()
    await gateway.stop(8000)
    expect(performance.now() - startedAt).toBeLessThan(7000)
  })

  it('is cut, as the upstream is, where something is thrown at its beginning', async () => {
    const upstream = await startRawUpstream((socket) =>
      socket.resume().write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'),
    )
    const gateway = await startGateway(upstream.url, flags)
    const target = `/ws?ticket=${await gateway.ticket()}`
    const spy = vi.spyOn(ServerResponse.prototype, 'writeHead').mockImplementation(() => {
      throw new Error('it cannot be written')
    })
    onTestFinished(() => spy.mockRestore())
    expect(await ask(gateway, { target }).all()).toBe('')
    expect(spy).toHaveBeenCalled()
    await expect.poll(() => upstream.connections.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  it('is cut where the failure of the upstream cannot be told', async () => {
    const onEvent = ({ type }: GatewayEvent) => {
      if (type === 'upstream_failed') throw new Error('nobody is listening')
    }
    const gateway = await startGateway('ws://127.0.0.1:9', flags, { onEvent })
    expect(await (await askWithTicket(gateway)).all()).toBe('')
  })

  it('is a 504 where the upstream does not answer', async () => {
    const upstream = await startStreams(() => {})
    const gateway = await startGateway(upstream.url, flags, { upstreamTimeoutMs: 100 })
    expect(await (await askWithTicket(gateway)).all()).toMatch(/^HTTP\/1\.1 504 /)
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'upstream_timeout', status: null })
  })
})
