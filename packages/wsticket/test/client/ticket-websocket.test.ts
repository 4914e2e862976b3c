import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import {
  createLock,
  createTicketWebSocket,
  type TicketSource,
  type TicketSourceOptions,
  type TicketWebSocketConstructor,
  type TicketWebSocketTuning,
} from '../../src/client/index.ts'
import { bases } from './bases.ts'
import { textsOf } from './texts.ts'
import { eventsUntilClose, next, opened, TicketServer } from './ticket-server.ts'

let server: TicketServer

beforeEach(async () => {
  server = await TicketServer.start()
})

afterEach(() => server.stop())

function ticketClass(
  tuning: TicketWebSocketTuning,
  source: Partial<TicketSourceOptions> = {},
): TicketWebSocketConstructor {
  return createTicketWebSocket({ ticketUrl: server.ticketUrl, credential: () => 'credential', ...source, ...tuning })
}

/** A class like the given one that notes what it is constructed with. */
function noting(seen: unknown[][]): TicketWebSocketTuning['WebSocket'] {
  return class extends WsWebSocket {
    constructor(...args: [string, string[]?]) {
      super(...args)
      seen.push(args)
    }
  }
}

describe.each(bases)('A TicketWebSocket on $name', ({ WebSocket }) => {
  it('opens with a ticket', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    expect(socket.readyState).toBe(0)
    await opened(socket)
    expect(socket.readyState).toBe(1)
    expect(server.handshakes).toMatchObject([{ target: '/ws', ticket: [...server.issued][0] }])
    expect(server.unspent.size).toBe(0)
    socket.close()
  })

  it('gets a fresh ticket for each of 50 attempts', async () => {
    const TicketWebSocket = ticketClass({ WebSocket })
    for (let attempt = 0; attempt < 50; attempt++) {
      const socket = new TicketWebSocket(server.socketUrl)
      await opened(socket)
      socket.close()
    }
    expect(server.requests).toHaveLength(50)
    expect(new Set(server.handshakes.map(({ ticket }) => ticket))).toEqual(server.issued)
    expect(server.issued.size).toBe(50)
  })

  it('gets a fresh ticket after one that was refused', async () => {
    const TicketWebSocket = ticketClass({ WebSocket })
    const refused = new TicketWebSocket(server.socketUrl)
    const { answer } = server
    server.answer = (response) => {
      server.issue(response)
      server.unspent.clear()
    }
    const [error, close] = await eventsUntilClose(refused)
    expect(error).toMatchObject({ type: 'error', code: 1006, reason: '' })
    expect(close).toMatchObject({ type: 'close', code: 1006, wasClean: false })
    server.answer = answer
    await opened(new TicketWebSocket(server.socketUrl))
    expect(server.issued.size).toBe(2)
  })

  it('offers its own subprotocols, then the marker, then the ticket, then its key', async () => {
    await opened(new (ticketClass({ WebSocket }))(server.socketUrl, ['app.v2', 'app.v1']))
    const { protocols, key } = server.handshakes[0] ?? {}
    expect(protocols).toEqual(['app.v2', 'app.v1', 'wsticket.v1', [...server.issued][0], key])
    expect(/^wsk_[\w-]{43}$/.test(key ?? '')).toBe(true)
  })

  it('shows no key where its tickets are not to be locked', async () => {
    await opened(new (ticketClass({ WebSocket }, { lock: 'off' }))(server.socketUrl))
    expect(server.handshakes[0]?.protocols).toEqual(['wsticket.v1', [...server.issued][0]])
  })

  it('shows the key that a ticket source of the application has made', async () => {
    const ticketSource: TicketSource = async () => {
      const { lock, key } = await createLock()
      const response = await fetch(server.ticketUrl, { method: 'POST', body: JSON.stringify({ lock }) })
      const { ticket } = (await response.json()) as { ticket: string }
      return { ticket, key }
    }
    await opened(new (createTicketWebSocket({ ticketSource, WebSocket }))(server.socketUrl))
    expect(server.handshakes[0]?.key).not.toBeNull()
  })

  it.each([
    ['of the application', 'app.v1', 'app.v1'],
    ['of the ticket', 'wsticket.v1', ''],
  ])('shows a selected subprotocol only if it is one of the application: %s', async (_, selected, shown) => {
    server.select = () => selected
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl, 'app.v1')
    expect(socket.protocol).toBe('')
    await opened(socket)
    expect(socket.protocol).toBe(shown)
  })

  it('shows no ticket, even if the server selects it', async () => {
    server.select = (offered) => [...offered].at(-1) ?? false
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    await opened(socket)
    expect(socket.protocol).toBe('')
  })

  it('puts the ticket into the query of the real socket only, if the query is the carrier', async () => {
    const url = `${server.socketUrl}?room=a%20b+c&x`
    const socket = new (ticketClass({ WebSocket, carrier: 'query' }))(url, ['app.v1'])
    await opened(socket)
    const [ticket] = server.issued
    const { key } = server.handshakes[0] ?? {}
    expect(server.handshakes).toEqual([
      { target: `/ws?room=a%20b+c&x&ticket=${ticket}&key=${key}`, protocols: ['app.v1'], ticket, key },
    ])
    expect(socket.url).toBe(url)
    expect(socket.protocol).toBe('app.v1')
  })

  it('needs neither a query nor a subprotocol for the query carrier', async () => {
    const socket = new (ticketClass({ WebSocket, carrier: 'query' }))(server.socketUrl)
    await opened(socket)
    const { target, protocols, key } = server.handshakes[0] ?? {}
    expect([target, protocols]).toEqual([`/ws?ticket=${[...server.issued][0]}&key=${key}`, []])
    expect(socket.url).toBe(server.socketUrl)
  })

  it.each(['subprotocol', 'query'] as const)('shows the ticket and its key nowhere: %s', async (carrier) => {
    const socket = new (ticketClass({ WebSocket, carrier }))(server.socketUrl)
    server.serve = (accepted) => {
      accepted.send('hello')
      accepted.close(4000, 'bye')
    }
    const events = await eventsUntilClose(socket)
    expect(events.map(({ type }) => type)).toEqual(['open', 'message', 'close'])
    const texts = textsOf([socket, events])
    expect(texts).toEqual(expect.arrayContaining([socket.url, 'hello', 'bye']))
    expect(texts.join()).not.toMatch(/ws[tk]_/)
  })

  it('keeps the binaryType that was set before the ticket came', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    socket.binaryType = 'arraybuffer'
    expect(socket.binaryType).toBe('arraybuffer')
    await opened(socket)
    expect(socket.binaryType).toBe('arraybuffer')
    socket.send(new Uint8Array([1, 2, 3]))
    const { data } = await next(socket, 'message')
    expect(data).toBeInstanceOf(ArrayBuffer)
    expect([...new Uint8Array(data)]).toEqual([1, 2, 3])
  })

  it('receives blobs, also if told so after the open', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    await opened(socket)
    socket.binaryType = 'blob'
    socket.send(new Blob(['blob']))
    const { data } = await next(socket, 'message')
    expect(data).toBeInstanceOf(Blob)
    expect(await data.text()).toBe('blob')
  })

  it('sends and receives text', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    await opened(socket)
    socket.send('grüße')
    const event = await next(socket, 'message')
    expect(event).toMatchObject({ data: 'grüße', origin: `ws://${server.host}` })
    expect(socket.bufferedAmount).toBe(0)
  })

  it('throws an InvalidStateError for a send before the open, with and without a ticket', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    const refusal = expect.objectContaining({ name: 'InvalidStateError', code: DOMException.INVALID_STATE_ERR })
    expect(() => socket.send('early')).toThrow(refusal)
    const handshake = new Promise<void>((resolve) => {
      server.select = () => {
        resolve()
        return 'wsticket.v1'
      }
    })
    await handshake
    expect(() => socket.send('early')).toThrow(refusal)
    await opened(socket)
  })

  it('passes the code and the reason of the server on', async () => {
    server.serve = (accepted) => accepted.close(4205, 'session_expired')
    const events = await eventsUntilClose(new (ticketClass({ WebSocket }))(server.socketUrl))
    expect(events.map(({ type }) => type)).toEqual(['open', 'close'])
    expect(events[1]).toMatchObject({ code: 4205, reason: 'session_expired', wasClean: true })
  })

  it('passes its own code and reason to the server', async () => {
    const closed = new Promise((resolve) => {
      server.serve = (accepted) => accepted.on('close', (code, reason) => resolve([code, String(reason)]))
    })
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    await opened(socket)
    const close = next(socket, 'close')
    socket.close(4000, 'done')
    expect(socket.readyState).toBe(2)
    expect(await closed).toEqual([4000, 'done'])
    expect(await close).toMatchObject({ code: 4000, reason: 'done', wasClean: true })
    expect(socket.readyState).toBe(3)
  })

  it('says so when the connection breaks', async () => {
    server.serve = (accepted) => accepted.terminate()
    const events = await eventsUntilClose(new (ticketClass({ WebSocket }))(server.socketUrl))
    expect(events.at(-1)).toMatchObject({ code: 1006, wasClean: false })
  })

  it('has no code in an error after the open', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    // 0x83: a frame with a reserved opcode (RFC 6455 section 5.2).
    server.serve = (accepted) =>
      (accepted as unknown as { _socket: NodeJS.WritableStream })._socket.write('\x83\x00', 'latin1')
    const error = (await eventsUntilClose(socket)).find(({ type }) => type === 'error')
    expect(error).toBeInstanceOf(Event)
    expect(error !== undefined && 'code' in error).toBe(false)
  })
})

describe.each(bases)('To its user, a TicketWebSocket on $name', ({ WebSocket }) => {
  it('has the constants, on the class and on its sockets', () => {
    const TicketWebSocket = ticketClass({ WebSocket })
    for (const owner of [TicketWebSocket, TicketWebSocket.prototype, new TicketWebSocket(server.socketUrl)]) {
      expect([owner.CONNECTING, owner.OPEN, owner.CLOSING, owner.CLOSED]).toEqual([0, 1, 2, 3])
    }
    expect(TicketWebSocket.name).toBe('TicketWebSocket')
  })

  it('is an instance of its class and an EventTarget, before and after the open', async () => {
    const TicketWebSocket = ticketClass({ WebSocket })
    const socket = new TicketWebSocket(server.socketUrl)
    expect(socket).toBeInstanceOf(TicketWebSocket)
    expect(socket).toBeInstanceOf(EventTarget)
    await opened(socket)
    expect(socket).toBeInstanceOf(TicketWebSocket)
  })

  it('is what WebSocket is to who has it in the place of the global one', async () => {
    vi.stubGlobal('WebSocket', ticketClass({ WebSocket }))
    const socket = new globalThis.WebSocket(server.socketUrl)
    expect(socket).toBeInstanceOf(globalThis.WebSocket)
    await opened(socket)
    expect(server.requests).toHaveLength(1)
  })

  it('calls handlers and listeners, with real events whose target it is', async () => {
    server.serve = (accepted) => {
      accepted.send('hello')
      accepted.close(1000)
    }
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    const calls: unknown[] = []
    socket.onopen = function (event) {
      calls.push(['onopen', this === socket, event.target === socket, event instanceof Event])
    }
    socket.onmessage = function (event) {
      calls.push(['onmessage', this === socket, event.target === socket, event instanceof MessageEvent])
    }
    socket.onclose = function (event) {
      calls.push(['onclose', this === socket, event.target === socket, event instanceof Event])
    }
    const events = await eventsUntilClose(socket)
    expect(calls).toEqual(['onopen', 'onmessage', 'onclose'].map((name) => [name, true, true, true]))
    expect(events.every(({ target }) => target === socket)).toBe(true)
  })

  it('has events that can be made anew from themselves', async () => {
    server.serve = (accepted) => {
      accepted.send('hello')
      accepted.close(4000, 'bye')
    }
    const TicketWebSocket = ticketClass({ WebSocket })
    const events = await eventsUntilClose(new TicketWebSocket(server.socketUrl))
    server.answer = (response) => response.writeHead(403).end()
    events.push(...(await eventsUntilClose(new TicketWebSocket(server.socketUrl))))
    const copies = events.map((event) => {
      const EventClass = event.constructor as new (type: string, init: Event) => Event
      return new EventClass(event.type, event)
    })
    expect(copies).toMatchObject([
      { type: 'open' },
      { type: 'message', data: 'hello' },
      { type: 'close', code: 4000, reason: 'bye', wasClean: true },
      { type: 'error', code: 4403, reason: 'forbidden', message: (events[3] as ErrorEvent).message },
      { type: 'close', code: 4403, reason: 'forbidden', wasClean: false },
    ])
  })

  it('calls no handler that was taken away, and no listener either', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    const calls: string[] = []
    const listener = (): void => void calls.push('listener')
    socket.onopen = () => calls.push('taken away')
    expect(socket.onopen).toBeTypeOf('function')
    socket.onopen = null
    expect(socket.onopen).toBe(null)
    socket.addEventListener('open', listener)
    socket.removeEventListener('open', listener)
    await opened(socket)
    expect(calls).toEqual([])
  })

  it('calls a handler in the place where it was first set', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    const calls: string[] = []
    socket.onopen = () => calls.push('first')
    socket.addEventListener('open', () => calls.push('listener'))
    socket.onopen = () => calls.push('second')
    await opened(socket)
    expect(calls).toEqual(['second', 'listener'])
  })

  it('calls a handler in a new place after it was taken away', async () => {
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    const calls: string[] = []
    socket.onopen = () => calls.push('first')
    socket.addEventListener('open', () => calls.push('listener'))
    socket.onopen = null
    socket.onopen = () => calls.push('second')
    await opened(socket)
    expect(calls).toEqual(['listener', 'second'])
  })

  it('dispatches nothing before its constructor has returned', async () => {
    const TicketWebSocket = createTicketWebSocket({
      WebSocket,
      ticketSource: () => {
        throw new Error('at once')
      },
    })
    const socket = new TicketWebSocket(server.socketUrl)
    expect(socket.readyState).toBe(0)
    expect((await eventsUntilClose(socket)).map(({ type }) => type)).toEqual(['error', 'close'])
  })

  it('drops what is sent after the close', async () => {
    server.answer = (response) => response.writeHead(403).end()
    const socket = new (ticketClass({ WebSocket }))(server.socketUrl)
    await eventsUntilClose(socket)
    expect(() => socket.send('late')).not.toThrow()
  })
})

describe('The real socket', () => {
  it('is not asked for subprotocols that there are none of', async () => {
    const seen: unknown[][] = []
    await opened(new (ticketClass({ WebSocket: noting(seen), carrier: 'query' }))(server.socketUrl))
    expect(seen).toEqual([[expect.stringContaining('?ticket=wst_')]])
  })

  it('keeps its own binaryType unless one was set', async () => {
    const socket = new (ticketClass({ WebSocket: WsWebSocket }))(server.socketUrl)
    await opened(socket)
    socket.send(new Uint8Array([1]))
    const { data } = await next(socket, 'message')
    expect(Buffer.isBuffer(data)).toBe(true)
  })
})
