import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createAdmission, createIssuer, createSessions, createTicketEndpoint } from 'wsticket'
import { createRequestListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade } from 'wsticket/adapters/ws'
import { createMemoryStore } from 'wsticket/stores/memory'
import { createTicketSource, createTicketWebSocket, TicketRequestError } from '../../src/client/index.ts'
import { keepRenewed } from '../../src/client/session-renewal.ts'
import { next, opened } from './ticket-server.ts'

const stop = new TicketRequestError('It may not.', { code: 'forbidden', closeCode: 4403, action: 'stop' })
const wait = new TicketRequestError('Not now.', { code: 'try_later', closeCode: 1013, action: 'wait' })

describe('the renewal of a session', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Renews a session of 100 seconds; each request comes to the next of the answers, the last of them again and again. */
  function renew(...answers: readonly (number | null | Error)[]) {
    const asked: number[] = []
    const signals: AbortSignal[] = []
    const startedAt = performance.now()
    const end = keepRenewed({
      endsInMs: 100_000,
      async renew(signal) {
        asked.push(performance.now() - startedAt)
        signals.push(signal)
        const answer = answers[Math.min(asked.length, answers.length) - 1]
        if (answer instanceof Error) throw answer
        return answer as number | null
      },
    })
    return { asked, signals, end }
  }

  it('is asked for when three to four fifths of its time are over, and again behind each', async () => {
    const { asked, end } = renew(100_000)
    await vi.advanceTimersByTimeAsync(59_999)
    expect(asked).toEqual([])
    await vi.advanceTimersByTimeAsync(20_001)
    expect(asked).toHaveLength(1)
    const [first = 0] = asked
    await vi.advanceTimersByTimeAsync(first - 80_000 + 59_999 + 20_001)
    expect(asked).toHaveLength(2)
    end()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not asked for by all clients at the same moment', async () => {
    const all = Array.from({ length: 20 }, () => renew(null))
    await vi.advanceTimersByTimeAsync(80_000)
    expect(new Set(all.map(({ asked }) => asked[0])).size).toBeGreaterThan(5)
  })

  it('is over where the session has no end any more', async () => {
    const { asked } = renew(null)
    await vi.advanceTimersByTimeAsync(1_000_000)
    expect(asked).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([['where it may not be', stop]])('is not asked for again %s', async (_, error) => {
    const { asked } = renew(error)
    await vi.advanceTimersByTimeAsync(100_000)
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['nobody knows', wait],
    ['anything else goes wrong', new TypeError('odd')],
  ])('is asked for again where %s, until it is not worth it', async (_, error) => {
    const { asked } = renew(error)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(asked.length).toBeGreaterThan(1)
    expect(asked.length).toBeLessThan(8)
    expect(Math.max(...asked)).toBeLessThan(100_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is given up with the socket, also while it is asked for', async () => {
    const { signals, end } = renew(100_000)
    await vi.advanceTimersByTimeAsync(80_000)
    end()
    expect(signals[0]?.aborted).toBe(true)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(signals).toHaveLength(1)
  })

  it('is put off where the time is longer than a timer can be', async () => {
    const asked = vi.fn(async () => null)
    const end = keepRenewed({ endsInMs: 2 ** 33, renew: asked })
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked).not.toHaveBeenCalled()
    end()
  })
})

describe('a ticket WebSocket', () => {
  /** An application whose credentials are good for so many seconds from when they are asked for. */
  async function startServer(seconds: number) {
    const store = createMemoryStore()
    const sessions = createSessions()
    const requests: string[] = []
    const authenticate = async () => {
      const expiresAt = Date.now() + seconds * 1000
      return { issuer: 'https://id.example', subject: 'alice', expiresAt, claims: {} } as never
    }
    const issuer = createIssuer({ store, audiences: ['chat'] })
    const listener = createRequestListener(createTicketEndpoint({ issuer, authenticate, sessions, origins: [] }))
    const server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url?.replace(/[\w-]{43}/, 'ID')} ${request.headers.authorization}`)
      listener(request, response)
    })
    const webSockets = new WebSocketServer({ noServer: true })
    const settings = { store, sessions, audience: 'chat', origins: [], nonBrowserClients: 'any_carrier' } as const
    server.on('upgrade', createWebSocketUpgrade(createAdmission(settings), webSockets))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      for (const client of webSockets.clients) client.terminate()
      server.closeAllConnections()
      server.close()
      sessions.close()
    })
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    let credentials = 0
    const options = {
      ticketUrl: `http://${host}/tickets`,
      credential() {
        credentials += 1
        return `credential-${credentials}`
      },
      WebSocket: WebSocket as never,
    }
    return { url: `ws://${host}/`, options, requests, frames: framesOf(webSockets) }
  }

  /** How many frames have come from clients. */
  function framesOf(webSockets: WebSocketServer) {
    const heard = { messages: 0 }
    webSockets.on('connection', (socket) => socket.on('message', () => (heard.messages += 1)))
    return heard
  }

  it('outlives its credential by a newer one, and nothing is sent over it', async () => {
    const { url, options, requests, frames } = await startServer(8)
    const socket = new (createTicketWebSocket(options))(url)
    let received = 0
    socket.onmessage = () => (received += 1)
    const closed = next(socket, 'close').then(({ code }) => code)
    await opened(socket)
    const outcome = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 9500, 'still open'))])
    expect(outcome).toBe('still open')
    expect(requests[0]).toBe('POST /tickets Bearer credential-1')
    expect(requests[1]).toBe('POST /sessions/ID/renew Bearer credential-2')
    expect({ received, ...frames }).toEqual({ received: 0, messages: 0 })
    socket.close()
    const asked = requests.length
    await closed
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(requests).toHaveLength(asked)
  }, 20_000)

  it.each(['renewal off', 'a ticket source that says nothing of it'])(
    'is not renewed with %s',
    async (how) => {
      const { url, options, requests } = await startServer(6)
      const { ticketUrl, credential, WebSocket: base } = options
      const source = createTicketSource({ ticketUrl, credential })
      const ticketSource: typeof source = async (request) => ({ ...(await source(request)), renewal: undefined })
      const off = createTicketWebSocket({ ...options, renewal: 'off' })
      const own = createTicketWebSocket({ ticketSource, WebSocket: base })
      const socket = new (how === 'renewal off' ? off : own)(url)
      const closed = next(socket, 'close')
      await opened(socket)
      expect(await closed).toMatchObject({ code: 4205, reason: 'session_expired' })
      expect(requests).toHaveLength(1)
    },
    20_000,
  )
})

it('renewal is on or off', () => {
  const options = { ticketUrl: 'https://app.example/tickets', credential: () => 'a', renewal: 'sometimes' }
  expect(() => createTicketSource(options as never)).toThrow('renewal is "on" or "off".')
})
