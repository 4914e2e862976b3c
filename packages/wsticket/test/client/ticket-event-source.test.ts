import type { EventSource as PackageEventSource } from 'eventsource'
import { EventSource as NodeEventSource } from 'eventsource'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  type BaseEventSourceConstructor,
  createTicketEventSource,
  reconnectDelayMs,
  type SocketErrorEvent,
  type TicketEventSourceOptions,
} from '../../src/client/index.ts'
import { subjectOf } from '../../src/credential.ts'
import { generateTicket } from '../../src/ticket.ts'
import { alice, type StreamServer, type StreamServerOptions, startStreamServer } from '../adapters/stream-server.ts'

/** Nobody waits for seconds here: of any delay it is a hundredth. */
const delayMs: typeof reconnectDelayMs = (options) => reconnectDelayMs({ ...options, random: () => 0.01 })

const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

let urls: string[]
beforeEach(() => {
  urls = []
})

/** The real one, whose URLs are kept. */
class Base extends NodeEventSource {
  constructor(url: string, init: { withCredentials: boolean }) {
    super(url, init)
    urls.push(url)
  }
}

async function start(options: StreamServerOptions = {}): Promise<StreamServer> {
  const server = await startStreamServer({ nonBrowserClients: 'any_carrier', lockPolicy: 'required', ...options })
  endings.push(server.stop)
  return server
}

function open(server: StreamServer, options: Partial<TicketEventSourceOptions> = {}, path = '/events?room=1') {
  const credential = () => 'good'
  const settings = { ticketUrl: `${server.url}/tickets`, credential, EventSource: Base, delayMs, ...options }
  const TicketEventSource = createTicketEventSource(settings as TicketEventSourceOptions)
  const source = new TicketEventSource(`${server.url}${path}`)
  endings.push(() => source.close())
  const told: string[] = []
  const errors: SocketErrorEvent[] = []
  source.onopen = () => told.push('open')
  source.onmessage = ({ data }) => told.push(data)
  source.onerror = (event) => errors.push(event as SocketErrorEvent)
  return { source, told, errors, TicketEventSource }
}

/** The n-th stream that the application has, from 0 on. */
async function streamOf(server: StreamServer, at: number) {
  await expect.poll(() => server.streams.length, { timeout: 10_000 }).toBeGreaterThan(at)
  const stream = server.streams[at]
  if (stream === undefined) throw new TypeError('there should be a stream')
  return stream
}

const subject = subjectOf(alice)
const ticketIn = (url: string | undefined) => new URL(url ?? '').searchParams.get('ticket')

describe('a ticket EventSource', () => {
  it('is an EventSource to whoever uses it', async () => {
    const server = await start()
    const { source, told, TicketEventSource } = open(server)
    expectTypeOf(source).toExtend<EventSource>()
    expect([source.readyState, source.url, source.withCredentials]).toEqual([0, `${server.url}/events?room=1`, false])
    for (const { CONNECTING, OPEN, CLOSED } of [TicketEventSource, source])
      expect([CONNECTING, OPEN, CLOSED]).toEqual([0, 1, 2])
    const early: unknown[] = []
    source.addEventListener('early', ({ type, data, lastEventId, origin }) =>
      early.push([type, data, lastEventId, origin]),
    )
    const { request, response } = await streamOf(server, 0)
    await expect.poll(() => told).toEqual(['open'])
    expect(source.readyState).toBe(1)
    const late: string[] = []
    const listener = ({ data }: MessageEvent<string>) => late.push(data)
    source.addEventListener('late', listener)
    response.write('data: 1\n\nid: 7\nevent: early\ndata: 2\n\nevent: late\ndata: 3\n\n')
    await expect.poll(() => late).toEqual(['3'])
    expect(early).toEqual([['early', '2', '7', server.url]])
    expect(told).toEqual(['open', '1'])
    source.removeEventListener('late', listener)
    response.write('event: late\ndata: 4\n\ndata: 5\n\n')
    await expect.poll(() => told).toEqual(['open', '1', '5'])
    expect(late).toEqual(['3'])
    expect(JSON.stringify([source.url, request.url, request.rawHeaders])).not.toMatch(/ws[tk]_/)
    source.close()
    expect(source.readyState).toBe(2)
    await expect.poll(() => server.sessions.count()).toBe(0)
  })

  it('takes what a server calls "open" and "error" for messages of its', async () => {
    const server = await start({ onStream: ({ response }) => void response.write('event: error\ndata: 1\n\n') })
    const { source, errors } = open(server)
    await expect.poll(() => errors).toMatchObject([{ type: 'error', data: '1' }])
    expect(source.readyState).toBe(1)
  })

  it('takes an event "wsticket" of the application\'s for one', async () => {
    const server = await start({ onStream: ({ response }) => response.write('event: wsticket\ndata: hello\n\n') })
    const { source, errors } = open(server)
    const heard = await new Promise<Event>((resolve) => source.addEventListener('wsticket', resolve))
    expect(heard).toMatchObject({ data: 'hello' })
    expect([errors, source.readyState]).toEqual([[], 1])
  })

  it('is renewed in time, though its head was late', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const made: EventTarget[] = []
      class Late extends EventTarget {
        constructor() {
          super()
          made.push(this)
        }
        close() {}
      }
      const renew = vi.fn(async () => null)
      const TicketEventSource = createTicketEventSource({
        ticketSource: async () => ({ ticket: generateTicket(), key: null, renewal: { endsInMs: 12_000, renew } }),
        EventSource: Late as unknown as BaseEventSourceConstructor,
      })
      const source = new TicketEventSource('https://app.example/events')
      await vi.advanceTimersByTimeAsync(6000)
      made[0]?.dispatchEvent(new Event('open'))
      // Four fifths of the six seconds that are left.
      await vi.advanceTimersByTimeAsync(4801)
      expect(renew).toHaveBeenCalledTimes(1)
      source.close()
    } finally {
      vi.useRealTimers()
    }
  })

  it('takes every class that is one', () => {
    expectTypeOf<typeof EventSource>().toExtend<BaseEventSourceConstructor>()
    expectTypeOf<typeof PackageEventSource>().toExtend<BaseEventSourceConstructor>()
  })

  it('says at once what cannot be', async () => {
    const options = { ticketUrl: 'https://app.example/tickets', credential: () => 'good' }
    expect(() => createTicketEventSource(options)).toThrow(/no EventSource here/)
    const TicketEventSource = createTicketEventSource({ ...options, EventSource: Base })
    expect(() => new TicketEventSource('/events')).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    expect(() => new TicketEventSource('wss://app.example/')).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    for (const ours of ['ticket=1', 'key=wsk_1'])
      expect(() => new TicketEventSource(`https://app.example/?${ours}`)).toThrow(
        expect.objectContaining({ name: 'SyntaxError' }),
      )
    const plain = 'http://app.example/events'
    expect(() => new TicketEventSource(plain)).toThrow(expect.objectContaining({ name: 'SecurityError' }))
    expect(() => createTicketEventSource({ ...options, EventSource: Base, ticketTimeoutMs: 0 })).toThrow(TypeError)
    const delayMs = 1000 as unknown as () => number
    expect(() => createTicketEventSource({ ...options, EventSource: Base, delayMs })).toThrow('delayMs is a function')
  })
})

describe('a ticket EventSource comes back', () => {
  it('with another ticket each time, and the id of the last event', async () => {
    const server = await start({
      onStream: ({ response }) =>
        void response.end(`id: ${server.streams.length}\u00e9 &\ndata: ${server.streams.length}\n\n`),
    })
    const { source, told, errors } = open(server)
    const { request } = await streamOf(server, 2)
    expect(Buffer.from(request.headers['last-event-id'] as string, 'latin1').toString()).toBe('2\u00e9 &')
    expect(request.url).toBe('/events?room=1')
    expect(server.streams[0]?.request.headers['last-event-id']).toBeUndefined()
    expect(new Set(urls.map(ticketIn)).size).toBe(urls.length)
    await expect.poll(() => told.slice(0, 6)).toEqual(['open', '1', 'open', '2', 'open', '3'])
    expect(errors.length).toBeGreaterThanOrEqual(2)
    expect(source.readyState).toBeLessThan(2)
  })

  it('from the event that the application knew of, which is not in its url', async () => {
    const server = await start()
    const { source } = open(server, {}, '/events?lastEventId=41&room=1')
    const first = await streamOf(server, 0)
    expect(source.url).toBe(`${server.url}/events?room=1`)
    expect(first.request.headers['last-event-id']).toBe('41')
    const heard = new Promise((resolve) => source.addEventListener('message', resolve, { once: true }))
    first.response.write('id: 42\ndata: x\n\n')
    await heard
    expect(urls).toHaveLength(1)
    first.response.end()
    expect((await streamOf(server, 1)).request.headers['last-event-id']).toBe('42')
  })

  it('from the event that had an id last, whatever came without one since', async () => {
    const server = await start()
    const { source } = open(server, {}, '/events?lastEventId=41')
    const ids: string[] = []
    source.addEventListener('message', ({ lastEventId }) => ids.push(lastEventId))
    const first = await streamOf(server, 0)
    first.response.write('data: without\n\n')
    await expect.poll(() => ids).toEqual(['41'])
    first.response.end('id: 42\ndata: with\n\ndata: without\n\n')
    const second = await streamOf(server, 1)
    expect(second.request.headers['last-event-id']).toBe('42')
    second.response.end('data: without\n\n')
    expect((await streamOf(server, 2)).request.headers['last-event-id']).toBe('42')
    expect(ids).toEqual(['41', '42', '42', '42'])
  })

  it.each([
    ['with a tab', 'a\tb', 'a\tb'],
    ['with another control character, without it', 'a\u0001b', undefined],
    ['that is longer than a header may be, without it', 'x'.repeat(2000), undefined],
  ])('from an event whose id is one %s', async (_, id, shown) => {
    const server = await start()
    const { source } = open(server)
    const first = await streamOf(server, 0)
    const heard = new Promise((resolve) => source.addEventListener('message', resolve, { once: true }))
    first.response.write(`id: ${id}\ndata: x\n\n`)
    await heard
    first.response.end()
    expect((await streamOf(server, 1)).request.headers['last-event-id']).toBe(shown)
  })

  it('where its session is at its end', async () => {
    const server = await start()
    const { errors } = open(server)
    await streamOf(server, 0)
    await expect.poll(() => server.sessions.count()).toBe(1)
    server.streams[0]?.response.end(
      ':\nevent: wsticket\ndata: {"code":4205,"reason":"session_expired","action":"new_ticket"}\n\n',
    )
    await streamOf(server, 1)
    expect(errors).toMatchObject([{ code: 4205, reason: 'session_expired' }])
  })

  it('where a ticket could not be had', async () => {
    const server = await start()
    server.interfere = (response) => {
      if (server.ticketRequests() > 1) return false
      response.writeHead(503, { 'Retry-After': '1' }).end()
      return true
    }
    const { source, errors } = open(server)
    await expect.poll(() => errors).toMatchObject([{ code: 1013, reason: 'try_later', error: { status: 503 } }])
    expect(source.readyState).toBe(0)
    await streamOf(server, 0)
    await expect.poll(() => source.readyState).toBe(1)
    expect(server.ticketRequests()).toBe(2)
  })

  it('where its ticket is refused, and it does not help to ask why', async () => {
    let asked = 0
    const server = await start({ limits: { everybody: () => (asked++ === 0 ? 1 : 0) } })
    const { source } = open(server)
    await expect.poll(() => source.readyState, { timeout: 10_000 }).toBe(1)
    expect(server.ticketRequests()).toBe(2)
  })
})

describe('a ticket EventSource is closed', () => {
  it('where its session is revoked', async () => {
    const server = await start()
    const { source, errors } = open(server)
    await streamOf(server, 0)
    await expect.poll(() => source.readyState).toBe(1)
    await server.sessions.revoke({ kind: 'subject', subject })
    await expect.poll(() => errors).toMatchObject([{ code: 4401, reason: 'session_revoked' }])
    expect(source.readyState).toBe(2)
  })

  it('also where the server was in the middle of an event, of which nobody hears', async () => {
    const server = await start({ onStream: ({ response }) => void response.write('data: 1\n\ndata: half\n') })
    const { source, told } = open(server)
    await expect.poll(() => told).toEqual(['open', '1'])
    await server.sessions.revoke({ kind: 'subject', subject })
    await expect.poll(() => source.readyState).toBe(2)
    expect(told).toEqual(['open', '1'])
  })

  it('where the credential is refused, and asks no more', async () => {
    const server = await start()
    const { source, errors, TicketEventSource } = open(server, { credential: () => 'bad' })
    await expect.poll(() => errors).toMatchObject([{ code: 4401, reason: 'invalid_token', error: { status: 401 } }])
    expect(source.readyState).toBe(2)
    expect(TicketEventSource.ticketSource.state.status).toBe('stopped')
    expect(urls).toEqual([])
  })

  it('where the server says that there is nothing to come back for', async () => {
    const server = await start({ permit: () => false })
    const { source, errors } = open(server)
    await expect.poll(() => errors).toMatchObject([{ code: 1006, reason: 'forbidden' }])
    expect(source.readyState).toBe(2)
    expect(server.ticketRequests()).toBe(1)
  })

  it('by close(), while it asks for its ticket', async () => {
    const server = await start()
    let signal: AbortSignal | null = null
    const ticketSource = (request: { signal: AbortSignal }) => {
      signal = request.signal
      return new Promise<never>(() => {})
    }
    const { source, told, errors } = open(server, {
      ticketSource,
      ticketUrl: undefined,
      credential: undefined,
    } as never)
    await expect.poll(() => signal).not.toBeNull()
    source.close()
    expect(signal).toMatchObject({ aborted: true })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect([told, errors, source.readyState]).toEqual([[], [], 2])
  })

  it('by close(), also for what has arrived already', async () => {
    const server = await start({ onStream: ({ response }) => void response.write('data: 1\n\ndata: 2\n\n') })
    const { source, told } = open(server)
    source.addEventListener('message', () => source.close())
    await expect.poll(() => source.readyState).toBe(2)
    await expect.poll(() => server.sessions.count()).toBe(0)
    expect(told).toEqual(['open', '1'])
  })

  it('by close(), before it asks, and before it comes back', async () => {
    const server = await start({ onStream: ({ response }) => void response.end() })
    const first = open(server)
    first.source.close()
    const second = open(server)
    second.source.onerror = () => second.source.close()
    await expect.poll(() => second.source.readyState).toBe(2)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect([server.ticketRequests(), server.streams.length]).toEqual([1, 1])
  })
})
