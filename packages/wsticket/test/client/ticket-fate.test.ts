import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import { createTicketWebSocket, type SocketErrorEvent, TicketCloseEvent } from '../../src/client/index.ts'
import { generateTicket } from '../../src/ticket.ts'
import { bases } from './bases.ts'
import { answerJson, eventsUntilClose, opened, TicketServer } from './ticket-server.ts'

const fate = { id: 'id', state: 'refused', reason: 'address_mismatch', code: 'invalid_ticket', action: 'new_ticket' }
let server: TicketServer

beforeEach(async () => {
  server = await TicketServer.start()
  server.answer = (response) => {
    server.issue(response)
    server.unspent.clear()
  }
})

afterEach(() => server.stop())

function connect(WebSocket: (typeof bases)[number]['WebSocket'] = WsWebSocket): WebSocket {
  const TicketWebSocket = createTicketWebSocket({ ticketUrl: server.ticketUrl, credential: () => 'token', WebSocket })
  return new TicketWebSocket(server.socketUrl)
}

async function failureOf(socket: WebSocket): Promise<{ error: SocketErrorEvent; close: TicketCloseEvent }> {
  const events = await eventsUntilClose(socket)
  expect(events.map(({ type }) => type)).toEqual(['error', 'close'])
  const [error, close] = events as [SocketErrorEvent, TicketCloseEvent]
  expect(close).toBeInstanceOf(TicketCloseEvent)
  return { error, close }
}

describe.each(bases)('Why a handshake failed, on $name', ({ WebSocket }) => {
  it('is the reason of the close, with what the endpoint knows beside it', async () => {
    server.tell = (response) => answerJson(response, 200, fate)
    const { error, close } = await failureOf(connect(WebSocket))
    expect(close).toMatchObject({ code: 1006, reason: 'invalid_ticket', wasClean: false })
    const { id, ...told } = fate
    expect(close.detail).toEqual(told)
    expect(error).toMatchObject({ code: 1006, reason: 'invalid_ticket' })
    expect(server.inquiries).toEqual([`/tickets/${id}`])
  })
})

describe('What became of a ticket', () => {
  it('is told of one that never reached a verifier', async () => {
    server.tell = (response) => answerJson(response, 200, { id: 'id', state: 'pending', reason: null })
    const { close } = await failureOf(connect())
    expect(close).toMatchObject({ code: 1006, reason: '' })
    expect(close.detail).toEqual({ state: 'pending', reason: null, code: null, action: null })
  })

  it.each([
    ['knows no such question', () => (server.tell = (response) => answerJson(response, 404, {}))],
    ['does not answer', () => (server.tell = (_, request) => request.socket.destroy())],
    ['hangs', () => (server.tell = () => {})],
  ])('is not known where the endpoint %s', async (_, arrange) => {
    arrange()
    const { close } = await failureOf(connect())
    expect(close).toMatchObject({ code: 1006, reason: '', detail: null })
  })

  it.each([
    ['a ticket', { code: generateTicket(), reason: generateTicket() }, { code: null, reason: null }],
    ['no text', { code: 7, reason: ['x'], action: 'dance' }, { code: null, reason: null, action: null }],
  ])('is told without what is no word of it: %s', async (_, odd, told) => {
    server.tell = (response) => answerJson(response, 200, { ...fate, ...odd })
    const { close } = await failureOf(connect())
    expect(close.reason).toBe('')
    expect(close.detail).toMatchObject({ state: 'refused', ...told })
    expect(JSON.stringify(close.detail)).not.toContain('wst_')
  })

  it.each(['<html>', '{}', '{"state":{"a":1}}'])('is not known where the answer is %s', async (body) => {
    server.tell = (response) => response.writeHead(200).end(body)
    expect((await failureOf(connect())).close).toMatchObject({ reason: '', detail: null })
  })

  it('makes the next attempt wait where who asks is told to wait', async () => {
    server.tell = (response) => answerJson(response, 429, { code: 'rate_limited' }, { 'retry-after': '60' })
    const TicketWebSocket = createTicketWebSocket({
      ticketUrl: server.ticketUrl,
      credential: () => 'token',
      WebSocket: WsWebSocket,
    })
    await failureOf(new TicketWebSocket(server.socketUrl))
    expect(TicketWebSocket.ticketSource.state).toMatchObject({ status: 'waiting', error: { retryAfterMs: 60_000 } })
    expect((await failureOf(new TicketWebSocket(server.socketUrl))).close).toMatchObject({ code: 4429 })
    expect(server.requests).toHaveLength(1)
  })

  it('is asked below the endpoint, wherever that is', async () => {
    const TicketWebSocket = createTicketWebSocket({
      ticketUrl: `http://${server.host}/api/ws-tickets?tenant=1`,
      credential: () => 'token',
      WebSocket: WsWebSocket,
    })
    await failureOf(new TicketWebSocket(server.socketUrl))
    expect(server.inquiries).toEqual(['/api/ws-tickets/id?tenant=1'])
  })

  it('is not asked by who has closed the socket himself, and awaited by nobody who does', async () => {
    server.answer = (response) => server.issue(response)
    const early = connect()
    server.select = () => {
      early.close()
      return 'wsticket.v1'
    }
    await failureOf(early)
    expect(server.inquiries).toEqual([])

    const late = connect()
    server.answer = (response) => {
      server.issue(response)
      server.unspent.clear()
    }
    server.tell = () => late.close()
    expect((await failureOf(late)).close).toMatchObject({ code: 1006, reason: '', detail: null })
    expect(late.readyState).toBe(3)
  })

  it('is not asked after the WebSocket was open', async () => {
    server.answer = (response) => server.issue(response)
    server.serve = (socket) => socket.close(4401, 'session_revoked')
    const socket = connect()
    const closed = vi.fn()
    socket.addEventListener('close', closed)
    await opened(socket)
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(1))
    expect(closed.mock.calls[0]?.[0]).toMatchObject({ code: 4401, reason: 'session_revoked', detail: null })
    expect(server.inquiries).toEqual([])
  })
})
