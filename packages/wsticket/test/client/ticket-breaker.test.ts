import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import {
  createTicketSource,
  createTicketWebSocket,
  type GuardedTicketSource,
  guardTicketSource,
  type PresentedTicket,
  TicketRequestError,
} from '../../src/client/index.ts'
import { generateTicket } from '../../src/ticket.ts'
import { answerJson, eventsUntilClose, opened, TicketServer } from './ticket-server.ts'

const later = new TicketRequestError('Later.', { code: 'try_later', closeCode: 1013, action: 'wait' })
const no = new TicketRequestError('No.', { code: 'forbidden', closeCode: 4403, action: 'stop' })

/** A source that counts, and whose answers are these errors, a ticket for each null, and tickets in the end. */
function flakySource(...answers: (Error | null)[]) {
  const seen = { asked: 0 }
  const source = guardTicketSource(async () => {
    seen.asked++
    const error = answers.shift() ?? null
    if (error !== null) throw error
    return generateTicket()
  })
  return { seen, source }
}

/** Whatever is drawn by chance is in the middle. */
function drawHalves(): void {
  const { getRandomValues } = crypto
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) =>
    array instanceof Uint32Array ? array.fill(2 ** 31) : getRandomValues.call(crypto, array),
  )
}

/** How long it still waits. */
function leftMs({ state }: GuardedTicketSource): number {
  return (state.retryAt ?? Number.NaN) - Math.round(performance.timeOrigin + performance.now())
}

function ask(source: GuardedTicketSource, signal = new AbortController().signal): Promise<PresentedTicket> {
  return source({ signal, url: 'wss://app.example/ws' })
}

const busy = new TicketRequestError('Busy.', {
  code: 'rate_limited',
  closeCode: 4429,
  action: 'wait',
  status: 429,
  retryAfterMs: 7000,
})

describe('The breaker of a ticket source', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    // Not the beginning of time, in which nothing is before.
    vi.advanceTimersByTime(60_000)
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  /** Fails, and says how long it waits then. */
  async function failedFor(source: GuardedTicketSource): Promise<number> {
    await expect(ask(source)).rejects.toBe(later)
    expect(source.state).toMatchObject({ status: 'waiting', error: later })
    return leftMs(source)
  }

  it('is ready, and stays so while there are tickets', async () => {
    const { source, seen } = flakySource()
    expect(source.state).toEqual({ status: 'ready', error: null, retryAt: null })
    await Promise.all([ask(source), ask(source)])
    expect(source.state.status).toBe('ready')
    expect(seen.asked).toBe(2)
  })

  it('asks nobody while it waits, and says the same again', async () => {
    const { source, seen } = flakySource(later)
    const waitMs = await failedFor(source)
    expect(waitMs).toBeGreaterThanOrEqual(0)
    expect(waitMs).toBeLessThanOrEqual(1000)
    await expect(ask(source)).rejects.toBe(later)
    expect(seen.asked).toBe(1)
    await vi.advanceTimersByTimeAsync(waitMs)
    expect(source.state.status).toBe('ready')
    await ask(source)
    expect(seen.asked).toBe(2)
  })

  it('waits for any time up to twice as long after each further failure, but 30 seconds at most', async () => {
    drawHalves()
    const { source } = flakySource(...Array.from({ length: 8 }, () => later))
    const waits: number[] = []
    for (let attempt = 0; attempt < 8; attempt++) {
      waits.push(await failedFor(source))
      await vi.advanceTimersByTimeAsync(waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
  })

  it('begins anew after a ticket', async () => {
    drawHalves()
    const { source } = flakySource(later, later, null, later)
    const waits: number[] = []
    for (let attempt = 0; attempt < 3; attempt++) {
      if (attempt === 2) await ask(source)
      waits.push(await failedFor(source))
      await vi.advanceTimersByTimeAsync(waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([500, 1000, 500])
  })

  it('waits at least for as long as the server asked', async () => {
    const { source } = flakySource(busy)
    await expect(ask(source)).rejects.toBe(busy)
    expect(leftMs(source)).toBeGreaterThanOrEqual(7000)
    expect(leftMs(source)).toBeLessThanOrEqual(8000)
  })

  it('counts failures that were under way together as one', async () => {
    drawHalves()
    const { source } = flakySource(later, later, later, later, later, later)
    await Promise.allSettled(Array.from({ length: 5 }, () => ask(source)))
    await vi.advanceTimersByTimeAsync(leftMs(source))
    expect(await failedFor(source)).toBe(1000)
  })

  it('is stopped by a refusal, for good, until it is resumed', async () => {
    const { source, seen } = flakySource(no)
    await expect(ask(source)).rejects.toBe(no)
    expect(source.state).toEqual({ status: 'stopped', error: no, retryAt: null })
    await vi.advanceTimersByTimeAsync(3_600_000)
    await expect(ask(source)).rejects.toBe(no)
    expect(seen.asked).toBe(1)
    source.resume()
    expect(source.state.status).toBe('ready')
    await ask(source)
    expect(seen.asked).toBe(2)
  })

  it('tells each change once, to whoever still listens', async () => {
    const { source } = flakySource(later, no)
    const seen: string[] = []
    const deaf = vi.fn()
    source.subscribe(deaf)()
    const unsubscribe = source.subscribe(() => seen.push(source.state.status))
    await vi.advanceTimersByTimeAsync(await failedFor(source))
    await expect(ask(source)).rejects.toBe(no)
    await expect(ask(source)).rejects.toBe(no)
    source.resume()
    await Promise.resolve()
    unsubscribe()
    await ask(source)
    expect(seen).toEqual(['waiting', 'ready', 'stopped', 'ready'])
    expect(deaf).not.toHaveBeenCalled()
  })

  it('says the same object until something changes', async () => {
    const { source } = flakySource(later)
    expect(source.state).toBe(source.state)
    await failedFor(source)
    expect(source.state).toBe(source.state)
  })

  it('takes a ticket that does not come in time for a failure, and one that is not wanted for none', async () => {
    const source = guardTicketSource(() => new Promise(() => {}))
    const closed = AbortSignal.abort()
    await expect(ask(source, closed)).rejects.toBe(closed.reason)
    expect(source.state.status).toBe('ready')
    await expect(ask(source, AbortSignal.abort(later))).rejects.toBe(later)
    expect(source.state.status).toBe('waiting')
  })

  it('waits for a second at the most once the page is online again, and listens for that while it waits', async () => {
    drawHalves()
    const page = new EventTarget()
    let listeners = 0
    vi.stubGlobal('addEventListener', (type: string, listener: () => void) => {
      listeners++
      page.addEventListener(type, listener)
    })
    vi.stubGlobal('removeEventListener', (type: string, listener: () => void) => {
      listeners = 0
      page.removeEventListener(type, listener)
    })
    const { source } = flakySource(later, later, later, later, no)
    for (let attempt = 0; attempt < 3; attempt++) await vi.advanceTimersByTimeAsync(await failedFor(source))
    expect(await failedFor(source)).toBe(4000)
    expect(listeners).toBe(1)
    page.dispatchEvent(new Event('online'))
    expect(leftMs(source)).toBe(500)
    await vi.advanceTimersByTimeAsync(500)
    expect(listeners).toBe(0)
    await expect(ask(source)).rejects.toBe(no)
    page.dispatchEvent(new Event('online'))
    expect(source.state.status).toBe('stopped')
    // Who was told for how long was told so by somebody.
    const told = new TicketRequestError('Later.', {
      code: 'try_later',
      closeCode: 1013,
      action: 'wait',
      retryAfterMs: 60_000,
    })
    const patient = flakySource(told).source
    await expect(ask(patient)).rejects.toBe(told)
    page.dispatchEvent(new Event('online'))
    expect(leftMs(patient)).toBe(60_500)
  })

  it('waits for no longer than a timer can', async () => {
    const endless = {
      code: 'try_later',
      closeCode: 1013,
      action: 'wait',
      retryAfterMs: Number.POSITIVE_INFINITY,
    } as const
    const { source } = flakySource(new TicketRequestError('Never.', endless))
    await expect(ask(source)).rejects.toThrow('Never.')
    expect(Number.isFinite(source.state.retryAt)).toBe(true)
  })

  it('waits on for what a server asked, whatever the network does', async () => {
    const page = new EventTarget()
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
    const { source } = flakySource(busy)
    await expect(ask(source)).rejects.toBe(busy)
    page.dispatchEvent(new Event('online'))
    expect(leftMs(source)).toBeGreaterThanOrEqual(7000)
  })

  describe('where several attempts are under way', () => {
    /** Attempts whose outcomes come when they are told to. */
    function pendingSource() {
      const settle: ((answer: Error | null) => void)[] = []
      const source = guardTicketSource(
        () =>
          new Promise((resolve, reject) => {
            settle.push((answer) => (answer === null ? resolve(generateTicket()) : reject(answer)))
          }),
      )
      return { source, settle }
    }

    it.each([
      ['the longer wait', [later, busy], 'waiting', 7000],
      ['a refusal before what comes later', [no, later], 'stopped', null],
      ['a ticket before a refusal that comes later', [null, no], 'ready', null],
      ['a ticket before a failure that comes later', [null, later], 'ready', null],
      ['a wait before a ticket that comes later', [busy, null], 'waiting', 7000],
    ] as const)('believes %s', async (_, answers, status, leastMs) => {
      const { source, settle } = pendingSource()
      const asked = answers.map(() => ask(source).catch(() => {}))
      await Promise.resolve()
      for (const [at, answer] of answers.entries()) {
        settle[at]?.(answer)
        await asked[at]
      }
      expect(source.state.status).toBe(status)
      if (leastMs !== null) expect(leftMs(source)).toBeGreaterThanOrEqual(leastMs)
    })
  })

  it('leaves others their turn, though whoever it says no to comes back at once', async () => {
    vi.useRealTimers()
    const TicketWebSocket = createTicketWebSocket({ ticketSource: flakySource(no).source, WebSocket: WsWebSocket })
    let sockets = 0
    let isOver = false
    const open = () => {
      sockets++
      if (!isOver && sockets < 10_000) new TicketWebSocket('ws://127.0.0.1:1/').onclose = open
    }
    open()
    await new Promise((resolve) => setTimeout(resolve, 50))
    isOver = true
    expect(sockets).toBeGreaterThan(1)
    expect(sockets).toBeLessThan(10_000)
  })

  it('is not put before a source that has one, and once before one that has none', () => {
    const { source } = flakySource()
    expect(guardTicketSource(source)).toBe(source)
    const plain = async () => generateTicket()
    expect(guardTicketSource(plain)).toBe(guardTicketSource(plain))
  })
})

describe('A ticket endpoint and its breaker', () => {
  let server: TicketServer
  let credential = 'first'
  let wanted = 0

  beforeEach(async () => {
    server = await TicketServer.start()
    credential = 'first'
    wanted = 0
  })

  afterEach(() => server.stop())

  function endpointSource(): GuardedTicketSource {
    return createTicketSource({
      ticketUrl: server.ticketUrl,
      credential: async () => {
        wanted++
        return credential
      },
    })
  }

  it('is not asked with a credential that it has refused, and with the next one at once', async () => {
    const source = endpointSource()
    server.answer = (response) => answerJson(response, 401, { code: 'invalid_token' })
    for (let attempt = 0; attempt < 5; attempt++) await expect(ask(source)).rejects.toMatchObject({ status: 401 })
    expect(server.requests).toHaveLength(1)
    expect(source.state).toMatchObject({ status: 'stopped', error: { code: 'invalid_token' } })
    credential = 'second'
    server.answer = (response) => server.issue(response)
    await ask(source)
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second'])
    expect(source.state.status).toBe('ready')
  })

  it('is not asked on and on with one new credential after the other', async () => {
    const source = endpointSource()
    server.answer = (response) => answerJson(response, 403, { code: 'forbidden' })
    for (let attempt = 0; attempt < 50; attempt++) {
      credential = `credential-${attempt}`
      await ask(source).catch(() => {})
    }
    expect(server.requests.length).toBeGreaterThanOrEqual(2)
    expect(server.requests.length).toBeLessThan(6)
    expect(source.state.status).toBe('stopped')
  })

  it('is asked again with a credential that was refused once it is resumed', async () => {
    const source = endpointSource()
    server.answer = (response) => answerJson(response, 403, { code: 'forbidden' })
    await expect(ask(source)).rejects.toMatchObject({ status: 403 })
    server.answer = (response) => server.issue(response)
    source.resume()
    await ask(source)
    expect(server.requests).toHaveLength(2)
  })

  it('is not asked while there is no credential', async () => {
    const source = endpointSource()
    credential = ''
    await expect(ask(source)).rejects.toMatchObject({ code: 'credential_required' })
    expect(source.state.status).toBe('stopped')
    credential = 'signed-in'
    await ask(source)
    expect(server.requests).toHaveLength(1)
  })

  it('stops where the credential says that somebody has to sign in', async () => {
    const signIn = new TicketRequestError('Sign in.', { code: 'signed_out', closeCode: 4401, action: 'stop' })
    const source = createTicketSource({ ticketUrl: server.ticketUrl, credential: () => Promise.reject(signIn) })
    await expect(ask(source)).rejects.toBe(signIn)
    expect(source.state).toMatchObject({ status: 'stopped', error: signIn })
  })

  it('goes on after a credential that never came', async () => {
    let calls = 0
    const source = createTicketSource({
      ticketUrl: server.ticketUrl,
      credential: () => (calls++ === 0 ? new Promise(() => {}) : 'token'),
    })
    const closed = new AbortController()
    const asked = ask(source, closed.signal)
    closed.abort()
    await expect(asked).rejects.toBe(closed.signal.reason)
    // It may still come, and two at once would not bear each other.
    await expect(ask(source, AbortSignal.timeout(2100))).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(calls).toBe(1)
    await ask(source)
    expect(calls).toBe(2)
  })

  it('waits for as long as it was told, whatever else was under way', async () => {
    const source = endpointSource()
    const waiting: ((status: number, headers?: object) => void)[] = []
    server.answer = (response) => void waiting.push((status, headers) => answerJson(response, status, {}, headers))
    const attempts = [ask(source), ask(source)]
    await expect.poll(() => waiting.length).toBe(2)
    waiting[0]?.(401)
    await Promise.race(attempts).catch(() => {})
    credential = 'second'
    attempts.push(ask(source))
    await expect.poll(() => waiting.length).toBe(3)
    waiting[1]?.(429, { 'retry-after': '60' })
    await attempts[1]?.catch(() => {})
    waiting[2]?.(503)
    await attempts[2]?.catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await expect(ask(source)).rejects.toMatchObject({ status: 429 })
  })

  it('does not wait for a call for the credential that somebody has given up long ago', async () => {
    let calls = 0
    const source = createTicketSource({
      ticketUrl: server.ticketUrl,
      credential: () => (calls++ === 0 ? new Promise(() => {}) : 'token'),
    })
    await expect(ask(source, AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' })
    await new Promise((resolve) => setTimeout(resolve, 2000))
    await ask(source)
    expect(calls).toBe(2)
  })

  it('shows the next credential at once, however often the network was away before the first refusal', async () => {
    const { getRandomValues } = crypto
    let drawn = 0
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) =>
      array instanceof Uint32Array ? array.fill(drawn) : getRandomValues.call(crypto, array),
    )
    const source = endpointSource()
    server.answer = (response) => response.destroy()
    for (let failure = 0; failure < 5; failure++) await expect(ask(source)).rejects.toMatchObject({ action: 'wait' })
    drawn = 2 ** 31
    server.answer = (response) => answerJson(response, 401, { code: 'invalid_token' })
    await expect(ask(source)).rejects.toMatchObject({ status: 401 })
    credential = 'second'
    await expect(ask(source)).rejects.toMatchObject({ status: 401 })
    expect(server.requests).toHaveLength(7)
    // Refused twice: now it takes a while, but less than after five failures.
    credential = 'third'
    await expect(ask(source)).rejects.toMatchObject({ status: 401 })
    expect(server.requests).toHaveLength(7)
    server.answer = (response) => server.issue(response)
    await expect.poll(() => ask(source).catch(() => null)).not.toBeNull()
  })

  it('waits for nobody who was not signed in when he is, and tells it once', async () => {
    drawHalves()
    const source = endpointSource()
    let told = 0
    source.subscribe(() => told++)
    credential = ''
    for (let attempt = 0; attempt < 5; attempt++) await expect(ask(source)).rejects.toMatchObject({ action: 'stop' })
    expect(told).toBe(1)
    credential = 'signed-in'
    await ask(source)
    // Nor does it wait after a refusal in between.
    server.answer = (response) => answerJson(response, 401, { code: 'invalid_token' })
    await expect(ask(source)).rejects.toMatchObject({ status: 401 })
    credential = ''
    await expect(ask(source)).rejects.toMatchObject({ code: 'credential_required' })
    credential = 'signed-in-again'
    server.answer = (response) => server.issue(response)
    await ask(source)
  })

  it('keeps a credential for refused that another answer says nothing of', async () => {
    const source = endpointSource()
    const waiting: (() => void)[] = []
    server.answer = (response) => {
      if (server.requests.length === 1) answerJson(response, 401, { code: 'invalid_token' })
      else waiting.push(() => answerJson(response, 429, { code: 'rate_limited' }, { 'retry-after': '1' }))
    }
    const attempts = [ask(source), ask(source)]
    await Promise.race(attempts).catch(() => {})
    await expect.poll(() => waiting.length).toBe(1)
    waiting[0]?.()
    await Promise.allSettled(attempts)
    expect(source.state).toMatchObject({ status: 'stopped', error: { code: 'invalid_token' } })
    // Until then whoever has another one waits, and is not told to stop.
    credential = 'second'
    await expect(ask(source)).rejects.toMatchObject({ status: 429, action: 'wait' })
    credential = 'first'
    await new Promise((resolve) => setTimeout(resolve, 2100))
    await expect(ask(source)).rejects.toMatchObject({ status: 401 })
    expect(server.requests).toHaveLength(2)
    credential = 'second'
    server.answer = (response) => server.issue(response)
    await ask(source)
  })

  it('is asked by several at once with one call for the credential', async () => {
    const source = endpointSource()
    const tickets = await Promise.all([ask(source), ask(source), ask(source)])
    expect(new Set(tickets.map(({ ticket }) => ticket)).size).toBe(3)
    expect(wanted).toBe(1)
    await ask(source)
    expect(wanted).toBe(2)
  })

  it('is shared by the classes that have its source, and seen at each of them', async () => {
    const ticketSource = endpointSource()
    const [First, Second] = [1, 2].map(() => createTicketWebSocket({ ticketSource, WebSocket: WsWebSocket }))
    if (First === undefined || Second === undefined) throw new Error('two classes')
    expect([First.ticketSource, Second.ticketSource]).toEqual([ticketSource, ticketSource])
    server.answer = (response) => answerJson(response, 401, { code: 'invalid_token' })
    const [, close] = await eventsUntilClose(new First(server.socketUrl))
    expect(close).toMatchObject({ code: 4401, reason: 'invalid_token' })
    expect((await eventsUntilClose(new Second(server.socketUrl)))[1]).toMatchObject({ code: 4401 })
    expect(server.requests).toHaveLength(1)
  })

  it('is what a class has that is given the options of one', async () => {
    const TicketWebSocket = createTicketWebSocket({
      ticketUrl: server.ticketUrl,
      credential: () => credential,
      WebSocket: WsWebSocket,
    })
    await opened(new TicketWebSocket(server.socketUrl))
    expect(TicketWebSocket.ticketSource.state.status).toBe('ready')
  })
})
