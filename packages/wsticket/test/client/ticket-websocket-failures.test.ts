import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import {
  createTicketWebSocket,
  SocketErrorEvent,
  TicketRequestError,
  type TicketSource,
  type TicketWebSocketConstructor,
  type TicketWebSocketTuning,
} from '../../src/client/index.ts'
import { generateKey } from '../../src/lock.ts'
import { issueRefusalAnswer } from '../../src/problem.ts'
import { type IssueRefusalCode, issueRefusals } from '../../src/refusals.ts'
import { generateTicket } from '../../src/ticket.ts'
import { bases } from './bases.ts'
import { textsOf } from './texts.ts'
import { answerJson, eventsUntilClose, TicketServer } from './ticket-server.ts'

let server: TicketServer

beforeEach(async () => {
  server = await TicketServer.start()
})

afterEach(() => server.stop())

const credential = 'eyJ.secret.credential'

function ticketClass(tuning: TicketWebSocketTuning = {}): TicketWebSocketConstructor {
  return createTicketWebSocket({
    ticketUrl: server.ticketUrl,
    credential: () => credential,
    WebSocket: WsWebSocket,
    ...tuning,
  })
}

/** The two events of a socket that does not open. */
async function failureOf(socket: WebSocket): Promise<{ error: SocketErrorEvent; close: CloseEvent }> {
  const events = await eventsUntilClose(socket)
  expect(events.map(({ type }) => type)).toEqual(['error', 'close'])
  expect(events.every(({ target }) => target === socket)).toBe(true)
  expect(textsOf(events).join()).not.toMatch(/ws[tk]_|eyJ/)
  expect(socket.readyState).toBe(3)
  const [error, close] = events as [SocketErrorEvent, CloseEvent]
  expect(error).toBeInstanceOf(SocketErrorEvent)
  expect([error.code, error.reason, false]).toEqual([close.code, close.reason, close.wasClean])
  return { error, close }
}

describe('A failed ticket request', () => {
  it.each(Object.keys(issueRefusals) as IssueRefusalCode[])(
    'is an error, then a close by the table: %s',
    async (code) => {
      const answer = issueRefusalAnswer(code)
      server.answer = (response) => response.writeHead(answer.status, answer.headers).end(answer.body)
      const { error, close } = await failureOf(new (ticketClass())(server.socketUrl))
      const { closeCode, publicCode, status } = issueRefusals[code]
      expect(close).toMatchObject({ code: closeCode, reason: publicCode })
      expect(error.error).toBeInstanceOf(TicketRequestError)
      expect(error.error).toMatchObject({ status, message: error.message })
      expect(server.handshakes).toHaveLength(0)
    },
  )

  it('is a 4429 where there were too many, with the time to wait', async () => {
    server.answer = (response) => answerJson(response, 429, { code: 'rate_limited' }, { 'retry-after': '9' })
    const { error, close } = await failureOf(new (ticketClass())(server.socketUrl))
    expect(close).toMatchObject({ code: 4429, reason: 'rate_limited' })
    expect(error.error).toMatchObject({ retryAfterMs: 9000, action: 'wait' })
  })

  it('is a try_later where nobody answers', async () => {
    server.answer = (_, request) => request.socket.destroy()
    const { close } = await failureOf(new (ticketClass())(server.socketUrl))
    expect(close).toMatchObject({ code: 1013, reason: 'try_later' })
  })

  it('is a try_later where the answer is a redirect', async () => {
    server.answer = (response) => response.writeHead(302, { location: '/login' }).end()
    const { close } = await failureOf(new (ticketClass())(server.socketUrl))
    expect(close).toMatchObject({ code: 1013, reason: 'try_later' })
    expect(server.requests).toHaveLength(1)
  })

  it('is a try_later where the answer is no ticket', async () => {
    server.answer = (response) => answerJson(response, 201, { ticket: 'wst_short' })
    const { close } = await failureOf(new (ticketClass())(server.socketUrl))
    expect(close).toMatchObject({ code: 1013, reason: 'try_later' })
    expect(server.handshakes).toHaveLength(0)
  })

  it('is a try_later after ticketTimeoutMs, and gives the request up', async () => {
    const givenUp = new Promise((resolve) => {
      server.answer = (_, request) => request.socket.once('close', resolve)
    })
    const { error, close } = await failureOf(new (ticketClass({ ticketTimeoutMs: 1000 }))(server.socketUrl))
    expect(close).toMatchObject({ code: 1013, reason: 'try_later' })
    expect(error.message).toContain('1000 ms')
    await givenUp
  })

  it('is awaited for 3 seconds unless told otherwise', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const TicketWebSocket = createTicketWebSocket({
        ticketSource: () => new Promise(() => {}),
        WebSocket: WsWebSocket,
      })
      const socket = new TicketWebSocket(server.socketUrl)
      await vi.advanceTimersByTimeAsync(2999)
      expect(socket.readyState).toBe(0)
      const failure = failureOf(socket)
      // At 3 seconds, and told in a turn of its own.
      await vi.advanceTimersByTimeAsync(2)
      expect((await failure).close).toMatchObject({ code: 1013 })
    } finally {
      vi.useRealTimers()
    }
  })

  it('is told once, also if the source fails after the time is up', async () => {
    const TicketWebSocket = createTicketWebSocket({
      ticketSource: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ticketTimeoutMs: 10,
      WebSocket: WsWebSocket,
    })
    const socket = new TicketWebSocket(server.socketUrl)
    await failureOf(socket)
    const again = vi.fn()
    socket.onerror = again
    socket.onclose = again
    await new Promise(setImmediate)
    expect(again).not.toHaveBeenCalled()
  })

  it('counts a credential that does not come against ticketTimeoutMs', async () => {
    const TicketWebSocket = createTicketWebSocket({
      ticketUrl: server.ticketUrl,
      credential: () => new Promise<string>(() => {}),
      ticketTimeoutMs: 20,
      WebSocket: WsWebSocket,
    })
    expect((await failureOf(new TicketWebSocket(server.socketUrl))).close).toMatchObject({ code: 1013 })
  })
})

describe('A ticket source of the user', () => {
  function withSource(ticketSource: TicketSource, tuning: TicketWebSocketTuning = {}): WebSocket {
    const TicketWebSocket = createTicketWebSocket({ ticketSource, WebSocket: WsWebSocket, ...tuning })
    return new TicketWebSocket(`${server.socketUrl}?room=1`)
  }

  it('is told the URL and given a signal', async () => {
    const seen: unknown[] = []
    const ticket = generateTicket()
    server.unspent.add(ticket)
    const socket = withSource(async (request) => {
      seen.push(request)
      return ticket
    })
    server.serve = (accepted) => accepted.close()
    await eventsUntilClose(socket)
    expect(seen).toEqual([{ url: `${server.socketUrl}?room=1`, signal: expect.any(AbortSignal) }])
    expect(server.handshakes).toMatchObject([{ ticket }])
  })

  it('chooses the code and the reason by a TicketRequestError', async () => {
    const refusal = new TicketRequestError('Not today.', { code: 'closed_today', closeCode: 4999, action: 'stop' })
    const { error, close } = await failureOf(withSource(() => Promise.reject(refusal)))
    expect(close).toMatchObject({ code: 4999, reason: 'closed_today' })
    expect(error.error).toBe(refusal)
  })

  it('means try_later by whatever else it throws, which is the cause', async () => {
    const cause = new RangeError('mine')
    const { error, close } = await failureOf(withSource(() => Promise.reject(cause)))
    expect(close).toMatchObject({ code: 1013, reason: 'try_later' })
    expect(error.error).toMatchObject({ cause })
  })

  it.each([
    ['nothing', undefined],
    ['a number', 42],
    ['an empty text', ''],
    ['another text', 'secret'],
    ['a ticket with something behind it', `${generateTicket()}, app.v1`],
    ['an object without a ticket', { key: null }],
    ['a ticket that does not say whether it has a key', { ticket: generateTicket() }],
    ['a ticket with a key that is none', { ticket: generateTicket(), key: 'secret' }],
    ['a ticket with a key and something behind it', { ticket: generateTicket(), key: `${generateKey()}, app.v1` }],
    ['a ticket with a ticket for a key', { ticket: generateTicket(), key: generateTicket() }],
  ])('cannot return %s for a ticket', async (_, value) => {
    const { close } = await failureOf(withSource(async () => value as string))
    expect(close).toMatchObject({ code: 1013, reason: 'try_later' })
    expect(server.handshakes).toHaveLength(0)
  })

  it('is not listened to after the time is up', async () => {
    let late: (ticket: string) => void = () => {}
    let constructed = 0
    class Counting extends WsWebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols)
        constructed++
      }
    }
    const answer = new Promise<string>((resolve) => {
      late = resolve
    })
    const socket = withSource(() => answer, { ticketTimeoutMs: 10, WebSocket: Counting })
    await failureOf(socket)
    late(generateTicket())
    await answer
    await new Promise(setImmediate)
    expect(constructed).toBe(0)
    expect(socket.readyState).toBe(3)
  })
})

describe('close() while the ticket is in flight', () => {
  it('gives the request up, opens nothing, and closes with 1006', async () => {
    const socket = new (ticketClass())(server.socketUrl)
    const failure = failureOf(socket)
    const givenUp = new Promise((resolve) => {
      server.answer = (_, request) => {
        request.socket.once('close', resolve)
        socket.close(4000, 'changed my mind')
        expect(socket.readyState).toBe(2)
      }
    })
    expect((await failure).close).toMatchObject({ code: 1006, reason: '' })
    await givenUp
    expect(server.handshakes).toHaveLength(0)
  })

  it('asks for no ticket at all, if it comes at once', async () => {
    let asked = 0
    const TicketWebSocket = createTicketWebSocket({
      ticketSource: async () => {
        asked++
        return generateTicket()
      },
      WebSocket: WsWebSocket,
    })
    const socket = new TicketWebSocket(server.socketUrl)
    socket.close()
    socket.close()
    const { close } = await failureOf(socket)
    expect(close).toMatchObject({ code: 1006 })
    expect(asked).toBe(0)
  })

  it('opens nothing, even if the ticket comes all the same', async () => {
    const constructed: string[] = []
    class Counting extends WsWebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols)
        constructed.push(url)
      }
    }
    const TicketWebSocket = createTicketWebSocket({
      ticketSource: async () => {
        socket.close()
        return generateTicket()
      },
      WebSocket: Counting,
    })
    const socket: WebSocket = new TicketWebSocket(server.socketUrl)
    await failureOf(socket)
    expect(constructed).toEqual([])
  })

  it('keeps no timer that would hold the process', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const TicketWebSocket = createTicketWebSocket({
      ticketSource: () => new Promise<string>(() => {}),
      ticketTimeoutMs: 60_000,
      WebSocket: WsWebSocket,
    })
    const before = timers()
    const socket = new TicketWebSocket(server.socketUrl)
    await Promise.resolve()
    expect(timers()).toBe(before + 1)
    socket.close()
    await failureOf(socket)
    expect(timers()).toBe(before)
  })
})

describe.each(bases)('A handshake that fails on $name', ({ WebSocket }) => {
  it('is an error, then a close with 1006, if the server refuses', async () => {
    server.answer = (response) => answerJson(response, 201, { ticket: generateTicket() })
    const { close } = await failureOf(new (ticketClass({ WebSocket }))(server.socketUrl))
    expect(close).toMatchObject({ code: 1006, reason: '' })
    // One ticket; but Node's own WebSocket makes a second handshake with it after a 401.
    expect(server.requests).toHaveLength(1)
    expect(new Set(server.handshakes.map(({ ticket }) => ticket)).size).toBe(1)
  })

  it('is an error, then a close with 1006, if there is no server', async () => {
    const other = await TicketServer.start()
    const url = other.socketUrl
    await other.stop()
    const { close } = await failureOf(new (ticketClass({ WebSocket }))(url))
    expect(close).toMatchObject({ code: 1006, reason: '' })
  })

  it('is an error, then a close with 1006, if it is closed before it is over', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    server.select = () => {
      socket.close()
      return 'wsticket.v1'
    }
    const { close } = await failureOf(socket)
    expect(close).toMatchObject({ code: 1006, reason: '' })
  })
})

describe('A real socket that misbehaves', () => {
  it('is an error, then a close that may pass, if it cannot be constructed', async () => {
    class Quoting extends WsWebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols)
        this.on('error', () => {})
        this.terminate()
        throw new Error(`Cannot open ${url} with ${protocols?.join()}`)
      }
    }
    for (const carrier of ['query', 'subprotocol'] as const) {
      const { close } = await failureOf(new (ticketClass({ WebSocket: Quoting, carrier }))(server.socketUrl))
      expect(close).toMatchObject({ code: 1013, reason: 'try_later' })
    }
  })

  it.each([
    ['the ticket in the URL', 'query', (url: string) => url],
    ['the ticket in the subprotocols', 'subprotocol', (_: string, protocols: string[]) => protocols.at(-2)],
    ['the key', 'subprotocol', (_: string, protocols: string[]) => protocols.at(-1)],
  ] as const)('does not get %s into an error', async (_, carrier, quote) => {
    class Quoting extends WsWebSocket {
      constructor(url: string, protocols: string[] = []) {
        super(url, protocols)
        queueMicrotask(() => {
          this.emit('error', new Error(`Cannot open ${quote(url, protocols)}`))
          this.terminate()
        })
      }
    }
    const socket = new (ticketClass({ WebSocket: Quoting, carrier }))(server.socketUrl)
    const events = await eventsUntilClose(socket)
    expect(events.map(({ type }) => type)).toContain('error')
    expect(textsOf(events).join()).not.toMatch(/ws[tk]_/)
  })

  it('does not get into an error what is none, and may show a ticket', async () => {
    class Quoting extends WsWebSocket {
      constructor(url: string, protocols: string[] = []) {
        super(url, protocols)
        queueMicrotask(() => {
          this.onerror?.({ message: '', error: { url, toString: () => protocols.join() } } as never)
          this.terminate()
        })
      }
    }
    const { error } = await failureOf(new (ticketClass({ WebSocket: Quoting }))(server.socketUrl))
    expect(error.error).toBeNull()
  })

  it('gets what it says of other errors to the user', async () => {
    server.answer = (response) => answerJson(response, 201, { ticket: generateTicket() })
    const { error } = await failureOf(new (ticketClass())(server.socketUrl))
    expect(error.message).toBe('Unexpected server response: 401')
    expect(error.error).toBeInstanceOf(Error)
  })
})
