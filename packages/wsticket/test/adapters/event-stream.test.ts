import type { ServerResponse } from 'node:http'
import { connect as connectTo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { sessionOf } from 'wsticket/adapters/node'
import { connectRaw, headerOf, type RawClient } from 'wsticket/testing/raw-client'
import { subjectOf } from '../../src/credential.ts'
import { lockOfKey } from '../../src/lock.ts'
import { idOfTicket, type Ticket } from '../../src/ticket.ts'
import { keyOf, ticketOf } from '../core/fixtures.ts'
import { alice, type StreamServer, type StreamServerOptions, startStreamServer, streamOrigin } from './stream-server.ts'
import { uncaughtDuring } from './uncaught.ts'

const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function start(options: StreamServerOptions = {}): Promise<StreamServer> {
  const server = await startStreamServer(options)
  endings.push(server.stop)
  return server
}

async function connect({ url }: StreamServer): Promise<RawClient> {
  const client = await connectRaw(url, { deadlineMs: 10_000 })
  endings.push(() => client.reset())
  return client
}

const fromPage = [`Origin: ${streamOrigin}`]

async function ask(server: StreamServer, target: string, lines: readonly string[] = fromPage, version = '1.1') {
  const client = await connect(server)
  const head = [`GET ${target} HTTP/${version}`, 'Host: a', 'Connection: close', 'Accept: text/event-stream', ...lines]
  client.send(`${head.join('\r\n')}\r\n\r\n`)
  return client
}

async function open(server: StreamServer, ticket?: Ticket) {
  const client = await ask(server, `/events?ticket=${ticket ?? (await server.issue())}`)
  expect((await client.readHead()).status).toBe(200)
  await expect.poll(() => server.streams.length).toBeGreaterThan(0)
  return client
}

/** What stood in the last event of a stream. */
async function endingOf(client: RawClient): Promise<unknown> {
  const text = String(await client.readToEnd())
  // In a chunk of its own, or, since Node 26, behind what was written in the same turn.
  const [, data] = /\n:\nevent: wsticket\ndata: (.*)\n\n\r\n0\r\n\r\n$/.exec(text) ?? []
  return JSON.parse(data ?? 'null')
}

const subject = subjectOf(alice)

describe('an event stream that is let in', () => {
  it('has its head sent, and tells the application who it is and nothing of the ticket', async () => {
    const server = await start({ onStream: ({ response }) => void response.write('data: hello\n\n') })
    const ticket = await server.issue(lockOfKey(keyOf(1)))
    const target = `/events?room=1&ticket=${ticket}&key=${keyOf(1)}&lastEventId=%C3%A97`
    const client = await ask(server, target, [...fromPage, 'X-Else: 1'])
    const head = await client.readHead()
    expect([head.status, headerOf(head, 'content-type'), headerOf(head, 'cache-control')]).toEqual([
      200,
      'text/event-stream',
      'no-store',
    ])
    expect(headerOf(head, 'access-control-allow-origin')).toBe(streamOrigin)
    expect(headerOf(head, 'vary')).toBe('Origin')
    expect(headerOf(head, 'set-cookie')).toBeNull()
    const [{ request } = { request: null }] = server.streams
    if (request === null) throw new TypeError('there should be a stream')
    expect(sessionOf(request)).toMatchObject({ subject, id: idOfTicket(ticket), audience: 'feed' })
    expect(request.url).toBe('/events?room=1')
    expect(request.headers['last-event-id']).toBe('\u00c3\u00a97')
    expect(request.headersDistinct['last-event-id']).toEqual(['\u00c3\u00a97'])
    const views = [request.url, request.rawHeaders, request.headers, request.headersDistinct]
    expect(/ws[tk]_/.test(JSON.stringify(views))).toBe(false)
    expect(server.sessions.count()).toBe(1)
    client.reset()
    await expect.poll(() => server.sessions.count()).toBe(0)
  })

  it('is let in by a cookie, which its head clears, and by a header', async () => {
    const server = await start({ carriers: ['cookie', 'authorization'] })
    const cookie = `Cookie: theme=dark; __Host-wsticket=${await server.issue()}`
    const head = await (await ask(server, '/events', ['Sec-Fetch-Site: same-origin', cookie])).readHead()
    expect([head.status, headerOf(head, 'set-cookie')]).toEqual([
      200,
      expect.stringMatching(/^__Host-wsticket=; .*Max-Age=0$/),
    ])
    expect(server.streams[0]?.request.headers.cookie).toBe('theme=dark')
    const client = await ask(server, '/events', [`Authorization: Ticket ${await server.issue()}`])
    expect((await client.readHead()).status).toBe(200)
    expect(server.streams[1]?.request.headers.authorization).toBeUndefined()
  })

  it('ends with its connection where a proxy asks in HTTP/1.0', async () => {
    const server = await start({ onStream: ({ response }) => void response.end('data: 1\n\n') })
    const client = await ask(server, `/events?ticket=${await server.issue()}`, fromPage, '1.0')
    expect(await client.readHead()).toMatchObject({ status: 200 })
    expect(String(await client.readToEnd())).toBe('data: 1\n\n')
  })
})

describe('an event stream that is refused', () => {
  it.each<[string, (ticket: Ticket) => string, readonly string[], number, string]>([
    ['no ticket', () => '/events', fromPage, 401, 'ticket_required'],
    ['an unknown one', () => `/events?ticket=${ticketOf(9)}`, fromPage, 401, 'invalid_ticket'],
    ['two', (ticket) => `/events?ticket=${ticket}&ticket=${ticketOf(9)}`, fromPage, 400, 'bad_request'],
    ['one without its key', (ticket) => `/events?ticket=${ticket}`, fromPage, 401, 'invalid_ticket'],
    ['another Origin', (ticket) => `/events?ticket=${ticket}`, ['Origin: https://evil.example'], 403, 'forbidden'],
    ['no Origin', (ticket) => `/events?ticket=${ticket}`, ['Sec-Fetch-Site: cross-site'], 403, 'forbidden'],
    ['two ids', (ticket) => `/events?ticket=${ticket}&lastEventId=1&lastEventId=2`, fromPage, 400, 'bad_request'],
  ])('for %s gets the answer that a WebSocket gets', async (_, targetOf, lines, status, code) => {
    const server = await start()
    const ticket = await server.issue(lockOfKey(keyOf(1)))
    const answer = await (await ask(server, targetOf(ticket), lines)).readResponse()
    // What is malformed has no Origin.
    const isListed = lines === fromPage && !targetOf(ticket).includes('lastEventId')
    expect(answer.status).toBe(status)
    expect(headerOf(answer, 'content-type')).toBe('application/problem+json')
    expect(headerOf(answer, 'vary')).toBe('Origin')
    expect(headerOf(answer, 'access-control-allow-origin')).toBe(isListed ? streamOrigin : null)
    expect(headerOf(answer, 'www-authenticate')).toBe(status === 401 ? 'Ticket realm="websocket"' : null)
    expect(JSON.parse(answer.body)).toMatchObject({ status, code })
    expect([server.streams.length, server.sessions.count()]).toEqual([0, 0])
  })

  it('for a ticket that is spent', async () => {
    const server = await start()
    const ticket = await server.issue()
    await open(server, ticket)
    const again = await (await ask(server, `/events?ticket=${ticket}`)).readResponse()
    expect(again.status).toBe(401)
    expect(server.events.at(-1)).toMatchObject({ type: 'refused', code: 'ticket_spent' })
  })

  it('for an address that is not the one which asked for the ticket', async () => {
    const server = await start({ trustedProxies: ['127.0.0.1'] })
    const lines = [...fromPage, 'X-Forwarded-For: 198.51.100.1']
    expect((await (await ask(server, `/events?ticket=${await server.issue()}`, lines)).readResponse()).status).toBe(401)
    expect(server.events).toMatchObject([{ code: 'address_mismatch' }])
  })

  it('where it is asked for behind a stream, on one connection, and spends nothing', async () => {
    const server = await start()
    const [first, second] = [await server.issue(), await server.issue()]
    const request = (ticket: string) =>
      `GET /events?ticket=${ticket} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nOrigin: ${streamOrigin}\r\n\r\n`
    const client = await connect(server)
    client.send(request(first) + request(second))
    expect((await client.readHead()).status).toBe(200)
    await expect.poll(() => server.streams.length).toBe(1)
    client.reset()
    await expect.poll(() => server.sessions.count()).toBe(0)
    expect((await (await ask(server, `/events?ticket=${second}`)).readHead()).status).toBe(200)
  })

  it('leaves the connection to the next request', async () => {
    const server = await start()
    const client = await connect(server)
    client.send('GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nSec-Fetch-Site: same-origin\r\n\r\n')
    expect((await client.readResponse()).status).toBe(401)
    client.send(
      `GET /events?ticket=${await server.issue()} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nOrigin: ${streamOrigin}\r\n\r\n`,
    )
    expect((await client.readHead()).status).toBe(200)
  })
})

describe('the end of the session of an event stream', () => {
  it('is told with a last event: it was revoked', async () => {
    const server = await start()
    const client = await open(server)
    server.streams[0]?.response.write('data: 1\n\n')
    await server.sessions.revoke({ kind: 'subject', subject })
    expect(await endingOf(client)).toEqual({ code: 4401, reason: 'session_revoked', action: 'stop' })
    await expect.poll(() => server.sessions.count()).toBe(0)
  })

  it('is told: its time is up', async () => {
    const server = await start()
    const client = await open(server, await server.issue(null, 3000))
    expect(await endingOf(client)).toEqual({ code: 4205, reason: 'session_expired', action: 'new_ticket' })
  })

  it('is told: it yields to another', async () => {
    const server = await start({ registry: { sessionsPerSubject: 1, overflow: 'end_oldest' } })
    const client = await open(server)
    await open(server)
    expect(await endingOf(client)).toEqual({ code: 4429, reason: 'rate_limited', action: 'wait' })
    await expect.poll(() => server.sessions.count()).toBe(1)
  })

  it('is told: the server stops, and nobody is let in any more', async () => {
    const server = await start()
    const client = await open(server)
    const drained = server.sessions.drain({ windowMs: 0 })
    expect(await endingOf(client)).toEqual({ code: 1012, reason: 'restarting', action: 'wait' })
    await drained
    const answer = await (await ask(server, `/events?ticket=${await server.issue()}`)).readResponse()
    expect([answer.status, headerOf(answer, 'retry-after')]).toEqual([503, '2'])
  })

  it.each([
    ['behind a line', 'data: 1\n\ndata: half\n'],
    ['within a line', 'data: 1\n\ndata: ha'],
  ])('makes nothing of an event that is not whole: cut %s', async (_, text) => {
    const server = await start({ onStream: ({ response }) => void response.write(text) })
    const client = await ask(server, `/events?ticket=${await server.issue()}`, fromPage, '1.0')
    await client.readHead()
    await server.sessions.revoke({ kind: 'subject', subject })
    const stream = String(await client.readToEnd())
    const events = stream.split('\n\n').filter((event) => event !== '')
    expect(events).toHaveLength(2)
    expect(events[1]).toMatch(/^data: ha(lf\n)?:\nevent: wsticket\ndata: \{"code":4401/)
  })

  it('cuts a client that reads nothing', async () => {
    const server = await start({ onStream: ({ response }) => void response.write(Buffer.alloc(64 * 1024 * 1024, ':')) })
    const socket = connectTo({ host: '127.0.0.1', port: Number(new URL(server.url).port) }).pause()
    endings.push(() => socket.destroy())
    socket.write(
      `GET /events?ticket=${await server.issue()} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nOrigin: ${streamOrigin}\r\n\r\n`,
    )
    await expect.poll(() => server.streams.length).toBe(1)
    await server.sessions.revoke({ kind: 'subject', subject })
    await pause(100)
    expect(server.sessions.count()).toBe(1)
    await expect.poll(() => server.sessions.count(), { timeout: 10_000 }).toBe(0)
  }, 15_000)

  it('drops what the application writes after that', async () => {
    const server = await start()
    const client = await open(server)
    const errors = await uncaughtDuring(async () => {
      await server.sessions.revoke({ kind: 'subject', subject })
      const response = server.streams[0]?.response
      response?.write('data: late\n\n')
      response?.end('data: later\n\n')
      await pause(50)
      response?.write('data: latest\n\n')
      await pause(50)
    })
    expect(errors).toEqual([])
    expect(await endingOf(client)).toMatchObject({ code: 4401 })
  })

  it('may come before the application hears of it', async () => {
    const server = await start({ permit: async () => server.sessions.revoke({ kind: 'everything' }).then(() => true) })
    const client = await ask(server, `/events?ticket=${await server.issue()}`)
    expect((await client.readHead()).status).toBe(200)
    expect(await endingOf(client)).toMatchObject({ reason: 'session_revoked' })
    expect(server.streams).toEqual([])
    expect(server.sessions.count()).toBe(0)
  })
})

describe('an application that has answered already', () => {
  it.each([
    ['is let in', {}],
    ['is refused', { permit: () => false }],
  ])('has no session, and no error, where the stream %s', async (_, options) => {
    const answer = (response: ServerResponse) => void response.writeHead(503).write('too late')
    const server = await start({ ...options, onResponse: (response) => queueMicrotask(() => answer(response)) })
    const errors = await uncaughtDuring(async () => {
      const client = await ask(server, `/events?ticket=${await server.issue()}`)
      expect((await client.readHead()).status).toBe(503)
      await expect.poll(() => server.events.length).toBe(1)
    })
    expect([errors, server.streams.length, server.sessions.count()]).toEqual([[], 0, 0])
  })

  it('before it asked costs no ticket, and is no error', async () => {
    const server = await start({ onResponse: (response) => void response.writeHead(503).end('too late') })
    const errors = await uncaughtDuring(async () => {
      const client = await ask(server, `/events?ticket=${await server.issue()}`)
      expect((await client.readHead()).status).toBe(503)
      await pause(50)
    })
    expect([errors, server.streams.length, server.events.length]).toEqual([[], 0, 0])
  })

  it('keeps the cookies of its own, and what its answers vary by', async () => {
    const server = await start({
      carriers: ['cookie'],
      onResponse: (response) => void response.setHeader('Set-Cookie', 'sid=app').setHeader('Vary', 'Accept-Encoding'),
    })
    const cookie = `Cookie: __Host-wsticket=${await server.issue()}`
    const head = await (await ask(server, '/events', [...fromPage, cookie])).readHead()
    expect(head.status).toBe(200)
    expect(headerOf(head, 'set-cookie')).toMatch(/^sid=app, __Host-wsticket=;/)
    expect(headerOf(head, 'vary')).toBe('Accept-Encoding, Origin')
  })
})

describe('an upgrade behind the request for a stream', () => {
  const upgrade = 'GET /events HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

  it('is answered in the middle of no stream: the connection is cut', async () => {
    const server = await start({ onStream: ({ response }) => void response.write('data: hello\n\n') })
    const client = await connect(server)
    const stream = [`GET /events?ticket=${await server.issue()} HTTP/1.1`, 'Host: a', 'Accept: text/event-stream']
    client.send(`${[...stream, ...fromPage].join('\r\n')}\r\n\r\n`)
    expect((await client.readHead()).status).toBe(200)
    await expect.poll(() => server.streams.length).toBe(1)
    client.send(upgrade)
    expect(String(await client.readToEnd())).not.toContain('HTTP/1.1')
    await expect.poll(() => server.sessions.count()).toBe(0)
  })

  it('is answered with nothing where it came with the request', async () => {
    const server = await start()
    const client = await connect(server)
    const stream = [`GET /events?ticket=${await server.issue()} HTTP/1.1`, 'Host: a', 'Accept: text/event-stream']
    client.send(`${[...stream, ...fromPage].join('\r\n')}\r\n\r\n${upgrade}`)
    expect(String(await client.readToEnd())).toBe('')
    expect(server.sessions.count()).toBe(0)
  })
})

describe('a client that is gone', () => {
  it('before it is decided is nobody to the application', async () => {
    const server = await start()
    const held = server.store.hold()
    const client = await ask(server, `/events?ticket=${await server.issue()}`)
    await held
    client.reset()
    await client.closed
    await pause(50)
    server.store.release()
    await expect.poll(() => server.events.length).toBe(1)
    await pause(50)
    expect([server.streams.length, server.sessions.count()]).toEqual([0, 0])
  })
})
