import { describe, expect, it } from 'vitest'
import { createLock } from 'wsticket/client'
import { createMemoryStore } from 'wsticket/stores/memory'
import { sendHandshake } from './clients.ts'
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts'
import { startRawUpstream, switchingProtocols } from './upstreams.ts'

const startUpstream = () => startRawUpstream((socket, key) => socket.end(switchingProtocols(key)))

/** Asks for a ticket of Alice's, locked or not. */
function ask(gateway: GatewayUnderTest, lock?: string): Promise<Response> {
  return fetch(`${gateway.url}/tickets`, {
    method: 'POST',
    headers: { authorization: 'Bearer %22alice%22', 'content-type': 'application/json' },
    body: JSON.stringify({ lock }),
  })
}

async function lockedTicket(gateway: GatewayUnderTest) {
  const { lock, key } = await createLock()
  const { ticket } = (await (await ask(gateway, lock)).json()) as { ticket: string }
  return { ticket, key }
}

describe('the key of a locked ticket', () => {
  it.each([
    ['subprotocol', (ticket: string, key: string) => ({ lines: [`Sec-WebSocket-Protocol: ${ticket}, ${key}`] })],
    ['authorization', (ticket: string, key: string) => ({ lines: [`Authorization: Ticket ${ticket}.${key}`] })],
    ['query', (ticket: string, key: string) => ({ target: `/ws?room=1&ticket=${ticket}&key=${key}` })],
  ])('is in nothing that the upstream or the client sees when it came by the carrier %s', async (carrier, present) => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url, [`--carrier=${carrier}`])
    const { ticket, key } = await lockedTicket(gateway)
    const answer = await sendHandshake(gateway, 'app.v1', present(ticket, key)).all()
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    expect(upstream.heads).toHaveLength(1)
    for (const text of [...upstream.heads, answer, JSON.stringify(gateway.events)]) {
      expect(text.includes(key.slice(4)) || text.includes(ticket.slice(4))).toBe(false)
    }
  })

  it('is what a locked ticket opens nothing without: the upstream hears of no such handshake', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url)
    const { ticket, key } = await lockedTicket(gateway)
    expect(await sendHandshake(gateway, ticket).all()).toMatch(/^HTTP\/1\.1 401 /)
    expect(await sendHandshake(gateway, `${ticket}, ${key}`).all()).toMatch(/^HTTP\/1\.1 401 /)
    expect(upstream.heads).toEqual([])
    expect(gateway.events.flatMap((event) => (event.type === 'refused' ? [event.code] : []))).toEqual([
      'lock_mismatch',
      'ticket_spent',
    ])
  })
})

describe('a gateway with --lock-policy required', () => {
  it('issues no ticket without a lock, and says what it misses', async () => {
    const gateway = await startGateway('ws://127.0.0.1:9', ['--lock-policy=required'])
    const response = await ask(gateway)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'lock_required' })
    expect(gateway.events).toMatchObject([{ type: 'issue_refused', code: 'lock_missing' }])
  })

  it('admits a locked ticket', async () => {
    const gateway = await startGateway((await startUpstream()).url, ['--lock-policy=required'])
    const { ticket, key } = await lockedTicket(gateway)
    expect(await sendHandshake(gateway, `${ticket}, ${key}`).all()).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('admits no ticket without a lock that another gateway has issued', async () => {
    const store = createMemoryStore()
    const lenient = await startGateway('ws://127.0.0.1:9', [], { store })
    const gateway = await startGateway('ws://127.0.0.1:9', ['--lock-policy=required'], { store })
    expect(await sendHandshake(gateway, await lenient.ticket()).all()).toMatch(/^HTTP\/1\.1 401 /)
    expect(gateway.events).toMatchObject([{ type: 'refused', code: 'lock_mismatch' }])
  })
})
