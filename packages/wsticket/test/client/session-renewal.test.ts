import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, type TestContext, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createAdmission, createIssuer, createSessions, createTicketEndpoint } from 'wsticket'
import { createRequestListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade } from 'wsticket/adapters/ws'
import { createMemoryStore } from 'wsticket/stores/memory'
import {
  createTicketSource,
  createTicketWebSocket,
  TicketRequestError,
  type TicketSource,
} from '../../src/client/index.ts'
import { keepRenewed } from '../../src/client/session-renewal.ts'
import { next, opened, TicketServer } from './ticket-server.ts'

const stop = new TicketRequestError('It may not.', { code: 'forbidden', closeCode: 4403, action: 'stop' })
const unknown = new TicketRequestError('Not here.', { code: 'not_found', closeCode: 4404, action: 'stop', status: 404 })
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
    const end = keepRenewed(
      {
        endsInMs: 100_000,
        async renew(signal) {
          asked.push(performance.now() - startedAt)
          signals.push(signal)
          const answer = answers[Math.min(asked.length, answers.length) - 1]
          if (answer instanceof Error) throw answer
          return answer as number | null
        },
      },
      startedAt,
    )
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

  it('is asked for once more where nobody has the session, and then no more', async () => {
    const { asked } = renew(unknown)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(asked).toHaveLength(2)
    const mended = renew(unknown, 100_000, unknown, null)
    await vi.advanceTimersByTimeAsync(400_000)
    expect(mended.asked).toHaveLength(4)
  })

  it('waits for as long as it is told to, and not beyond the end', async () => {
    const patient = renew(
      new TicketRequestError('Later.', { code: 'try_later', closeCode: 1013, action: 'wait', retryAfterMs: 15_000 }),
      null,
    )
    await vi.advanceTimersByTimeAsync(200_000)
    expect((patient.asked[1] ?? 0) - (patient.asked[0] ?? 0)).toBeGreaterThanOrEqual(15_000)
    const late = renew(
      new TicketRequestError('Later.', { code: 'try_later', closeCode: 1013, action: 'wait', retryAfterMs: 50_000 }),
      null,
    )
    await vi.advanceTimersByTimeAsync(200_000)
    expect(late.asked).toHaveLength(1)
  })

  it('is given up where it hangs, and asked for again', async () => {
    const signals: AbortSignal[] = []
    const hang = (signal: AbortSignal) => {
      signals.push(signal)
      return new Promise<null>(() => {})
    }
    keepRenewed({ endsInMs: 100_000, renew: hang }, performance.now())
    await vi.advanceTimersByTimeAsync(200_000)
    expect(signals.length).toBeGreaterThan(1)
    expect(signals.every(({ aborted }) => aborted)).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([[undefined], [Number.NaN], ['soon']])('is over where what comes of it is no time: %j', async (answer) => {
    const { asked } = renew(answer as never)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(asked).toHaveLength(1)
    const never = vi.fn(async () => null)
    keepRenewed({ endsInMs: answer as never, renew: never }, performance.now())
    await vi.advanceTimersByTimeAsync(200_000)
    expect(never).not.toHaveBeenCalled()
  })

  it('is given up with the socket, also while it is asked for', async () => {
    const signals: AbortSignal[] = []
    const hang = (signal: AbortSignal) => {
      signals.push(signal)
      return new Promise<null>(() => {})
    }
    const end = keepRenewed({ endsInMs: 100_000, renew: hang }, performance.now())
    while (signals.length === 0) await vi.advanceTimersByTimeAsync(1000)
    end()
    expect(signals[0]?.aborted).toBe(true)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(signals).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is put off where the time is longer than a timer can be', async () => {
    const asked = vi.fn(async () => null)
    const end = keepRenewed({ endsInMs: 2 ** 33, renew: asked }, performance.now())
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked).not.toHaveBeenCalled()
    end()
  })
})

describe.concurrent('a ticket WebSocket', () => {
  /** An application whose credentials are good for so many seconds from when they are asked for. */
  async function startServer(test: TestContext, seconds: number) {
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
    test.onTestFinished(() => {
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

  it('outlives its credential by a newer one, and nothing is sent over it', async (test) => {
    const { url, options, requests, frames } = await startServer(test, 12)
    const socket = new (createTicketWebSocket(options))(url)
    let received = 0
    socket.onmessage = () => (received += 1)
    const closed = next(socket, 'close').then(({ code }) => code)
    await opened(socket)
    const outcome = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 13_500, 'still open'))])
    test.expect(outcome).toBe('still open')
    test.expect(requests[0]).toBe('POST /tickets Bearer credential-1')
    test.expect(requests[1]).toBe('POST /sessions/ID/renew Bearer credential-2')
    test.expect({ received, ...frames }).toEqual({ received: 0, messages: 0 })
    socket.close()
    const asked = requests.length
    await closed
    await new Promise((resolve) => setTimeout(resolve, 100))
    test.expect(requests).toHaveLength(asked)
  }, 30_000)

  it.for(['renewal off', 'a ticket source that says nothing of it'])(
    'is not renewed with %s',
    { timeout: 20_000 },
    async (how, test) => {
      // Long enough to be renewed.
      const { url, options, requests } = await startServer(test, 10)
      const { ticketUrl, credential, WebSocket: base } = options
      const source = createTicketSource({ ticketUrl, credential })
      const ticketSource: TicketSource = async (request) => ({ ...(await source(request)), renewal: undefined })
      const off = createTicketWebSocket({ ...options, renewal: 'off' })
      const own = createTicketWebSocket({ ticketSource, WebSocket: base })
      const socket = new (how === 'renewal off' ? off : own)(url)
      const closed = next(socket, 'close')
      await opened(socket)
      test.expect(await closed).toMatchObject({ code: 4205, reason: 'session_expired' })
      test.expect(requests).toHaveLength(1)
    },
  )

  it('is not renewed any more once it is being closed', async (test) => {
    const server = await TicketServer.start()
    test.onTestFinished(() => server.stop())
    // It never answers the close frame.
    server.serve = (socket) => socket.pause()
    const source = createTicketSource({ ticketUrl: server.ticketUrl, credential: () => 'a' })
    const renew = vi.fn(async () => null)
    const ticketSource: TicketSource = async (request) => ({
      ...(await source(request)),
      renewal: { endsInMs: 5100, renew },
    })
    const socket = new (createTicketWebSocket({ ticketSource, WebSocket: WebSocket as never }))(server.socketUrl)
    await opened(socket)
    socket.close()
    await new Promise((resolve) => setTimeout(resolve, 4500))
    test.expect(renew).not.toHaveBeenCalled()
  }, 20_000)
})

it.each([null, 1, {}, { endsInMs: 1000 }, { renew: async () => null }])(
  'a renewal of %j is none, and the WebSocket opens all the same',
  async (renewal) => {
    const server = await TicketServer.start()
    onTestFinished(() => server.stop())
    const source = createTicketSource({ ticketUrl: server.ticketUrl, credential: () => 'a' })
    const ticketSource: TicketSource = async (request) => ({ ...(await source(request)), renewal: renewal as never })
    await opened(new (createTicketWebSocket({ ticketSource, WebSocket: WebSocket as never }))(server.socketUrl))
  },
)

it('renewal is on or off', () => {
  const options = { ticketUrl: 'https://app.example/tickets', credential: () => 'a', renewal: 'sometimes' }
  expect(() => createTicketSource(options as never)).toThrow('renewal is on or off.')
})
