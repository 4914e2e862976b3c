/** What becomes of WebSockets whose clients are silent: real sockets, and the shortest times that there are. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, type TestContext } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type AuditEvent, createAdmission, createIssuer, createSessions } from 'wsticket'
import { createWebSocketUpgrade, type WebSocketUpgradeOptions } from 'wsticket/adapters/ws'
import { createMemoryStore } from 'wsticket/stores/memory'
import { createHeartbeats, type HeartbeatOptions } from '../../src/adapters/heartbeats.ts'
import { pageOrigin } from '../core/fixtures.ts'

async function startServer({ onTestFinished }: TestContext, options: WebSocketUpgradeOptions) {
  const events: AuditEvent[] = []
  const onEvent = (event: AuditEvent) => void events.push(event)
  const store = createMemoryStore()
  const sessions = createSessions({ onEvent })
  const settings = { store, sessions, audience: 'chat', origins: [pageOrigin], addressPolicy: 'off' } as const
  const webSockets = new WebSocketServer({ noServer: true })
  const server = createServer()
  server.on('upgrade', createWebSocketUpgrade(createAdmission({ ...settings, onEvent }), webSockets, options))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  onTestFinished(() => {
    for (const client of webSockets.clients) client.terminate()
    server.close()
    sessions.close()
  })
  const issuer = createIssuer({ store, audiences: ['chat'] })
  const identity = { issuer: 'https://id.example', subject: 'alice', expiresAt: null, claims: {} }
  const protocols = async () => {
    const issued = await issuer.issue(identity, { audience: 'chat' }, { clientAddress: null, origin: pageOrigin })
    if (typeof issued === 'string' || !('ticket' in issued)) throw new TypeError('there should be a ticket')
    return ['wsticket.v1', issued.ticket]
  }
  return {
    port,
    protocols,
    webSockets,
    count: () => sessions.count(),
    endings: () => events.flatMap((event) => (event.type === 'session_ended' ? [event.ending] : [])),
  }
}

type Server = Awaited<ReturnType<typeof startServer>>

async function open({ port, protocols }: Server, options: { readonly autoPong?: boolean } = {}) {
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, await protocols(), { origin: pageOrigin, ...options })
  const heard = { pings: 0 }
  client.on('ping', () => {
    heard.pings += 1
  })
  const closed = once(client, 'close').then(([code, reason]) => `${code as number} ${String(reason)}`)
  await once(client, 'open')
  return { client, heard, closed }
}

function chatter({ onTestFinished }: TestContext, client: WebSocket): void {
  const timer = setInterval(() => client.send('here'), 200)
  onTestFinished(() => clearInterval(timer))
}

describe.concurrent('a WebSocket', () => {
  it('is pinged while nothing is heard of it, and kept while it answers', async (test) => {
    const { client, heard } = await open(await startServer(test, { pingEveryMs: 1000 }))
    await test.expect.poll(() => heard.pings, { timeout: 9000 }).toBeGreaterThan(1)
    test.expect(client.readyState).toBe(WebSocket.OPEN)
  })

  it('ends with 4408 where a ping has no answer', async (test) => {
    const server = await startServer(test, { pingEveryMs: 1000 })
    const { closed, heard } = await open(server, { autoPong: false })
    test.expect(await closed).toBe('4408 timeout')
    test.expect(heard.pings).toBe(1)
    await test.expect.poll(server.endings).toEqual(['session_unresponsive'])
    test.expect(server.count()).toBe(0)
  })

  it('is gone where its client takes nothing any more, not even the end', { timeout: 30_000 }, async (test) => {
    const server = await startServer(test, { pingEveryMs: 1000 })
    const [own, ticket] = await server.protocols()
    const socket = connect(server.port, '127.0.0.1')
    const lines = ['GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', `Origin: ${pageOrigin}`]
    const ours = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
    socket.write(`${[...lines, ...ours, `Sec-WebSocket-Protocol: ${own}, ${ticket}`].join('\r\n')}\r\n\r\n`)
    test.onTestFinished(() => void socket.destroy())
    await test.expect.poll(server.count).toBe(1)
    await test.expect.poll(server.count, { timeout: 12_000 }).toBe(0)
    test.expect(server.endings()).toEqual(['session_unresponsive'])
  })

  it('needs no pong while it has something else to say', async (test) => {
    const { client } = await open(await startServer(test, { pingEveryMs: 1000 }), { autoPong: false })
    chatter(test, client)
    await pause(4500)
    test.expect(client.readyState).toBe(WebSocket.OPEN)
  })

  it('is left alone by a server that lets nothing in for a while', async (test) => {
    const server = await startServer(test, { pingEveryMs: 1000 })
    server.webSockets.on('connection', (socket) => socket.pause())
    const { client, heard } = await open(server)
    await pause(3500)
    test.expect(client.readyState).toBe(WebSocket.OPEN)
    test.expect(heard.pings).toBe(0)
  })

  it('ends with 4206 where its client sends no message, though it answers pings', async (test) => {
    const server = await startServer(test, { pingEveryMs: 1000, idleMs: 3000 })
    const { closed, heard } = await open(server)
    test.expect(await closed).toBe('4206 session_idle')
    test.expect(heard.pings).toBeGreaterThan(0)
    await test.expect.poll(server.endings).toEqual(['session_idle'])
  })

  it('is not idle while it sends messages', async (test) => {
    const { client } = await open(await startServer(test, { pingEveryMs: null, idleMs: 2000 }))
    chatter(test, client)
    await pause(4500)
    test.expect(client.readyState).toBe(WebSocket.OPEN)
  })

  it('is never pinged where that is switched off', async (test) => {
    const { client, heard } = await open(await startServer(test, { pingEveryMs: null }), { autoPong: false })
    await pause(2500)
    test.expect(client.readyState).toBe(WebSocket.OPEN)
    test.expect(heard.pings).toBe(0)
  })
})

describe.concurrent('who is silent', () => {
  /** A WebSocket that is what it is told to be, over a stream that counts nothing unless it is told to. */
  function watched(test: TestContext, socket: object, options: HeartbeatOptions = { pingEveryMs: 1000 }) {
    test.expect.hasAssertions()
    const listeners = new Map<string, () => void>()
    const seen = { pings: 0, endings: [] as string[], isPaused: false }
    const webSocket = {
      readyState: 1,
      get isPaused() {
        return seen.isPaused
      },
      ping: () => {
        seen.pings += 1
      },
      on: (event: string, listener: () => void) => listeners.set(event, listener),
    }
    const forget = createHeartbeats(options).watch(webSocket, socket as Duplex, (why) => seen.endings.push(why))
    test.onTestFinished(forget)
    return { seen, hears: (event: string) => listeners.get(event)?.() }
  }

  it('is told by frames where the stream counts no bytes', async (test) => {
    const { seen, hears } = watched(test, { writableLength: 0 })
    const answering = setInterval(() => seen.pings > 0 && hears('pong'), 100)
    test.onTestFinished(() => clearInterval(answering))
    const mute = watched(test, { writableLength: 0 })
    await test.expect.poll(() => mute.seen.endings, { timeout: 9000 }).toEqual(['session_unresponsive'])
    await pause(1500)
    test.expect(seen.endings).toEqual([])
  })

  it('is not who takes a large message slowly, and is who takes none of it any more', async (test) => {
    const socket = { bytesRead: 0, writableLength: 1000 }
    const { seen } = watched(test, socket)
    const taking = setInterval(() => {
      socket.writableLength -= 10
    }, 200)
    await pause(4500)
    test.expect(seen).toMatchObject({ pings: 0, endings: [] })
    clearInterval(taking)
    await test.expect.poll(() => seen.endings, { timeout: 20_000 }).toEqual(['session_unresponsive'])
  }, 30_000)

  it('is nobody whom the application does not listen to, with idleMs either', async (test) => {
    const { seen } = watched(test, { bytesRead: 0, writableLength: 0 }, { pingEveryMs: null, idleMs: 1000 })
    seen.isPaused = true
    await pause(3500)
    test.expect(seen.endings).toEqual([])
    seen.isPaused = false
    await test.expect.poll(() => seen.endings, { timeout: 9000 }).toEqual(['session_idle'])
  })
})

describe('a heartbeat', () => {
  it.each([{ pingEveryMs: 999 }, { pingEveryMs: 1000.5 }, { pingEveryMs: Number.NaN }, { idleMs: 0 }, { idleMs: -1 }])(
    'of %j cannot be',
    (options) => {
      expect(() => createHeartbeats(options)).toThrow(/must be 1000 or more, in milliseconds, or null/)
    },
  )
})
