import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { TicketId } from 'wsticket'
import { nextMessage, openWebSocket } from './clients.ts'
import { type GatewayUnderTest, origin, startGateway } from './gateway-under-test.ts'
import { startEcho, startUpstream } from './upstreams.ts'

/** Resolves with the code and the reason of the close frame. */
async function closing(socket: WebSocket): Promise<readonly [number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return [code, reason.toString()]
}

/** Asks the gateway about a session, as its subject or as somebody else. */
async function ask(gateway: GatewayUnderTest, request: string, subject = 'alice'): Promise<Response> {
  const [method = '', path = ''] = request.split(' ')
  const authorization = `Bearer ${encodeURIComponent(JSON.stringify(subject))}`
  return fetch(`${gateway.url}${path}`, { method, headers: { authorization } })
}

/** The id of the session that was opened first. */
async function sessionAt(gateway: GatewayUnderTest): Promise<TicketId> {
  return (await gateway.event('admitted')).ticketId
}

describe('a session at the gateway', () => {
  it('ends with its own code at the client, and as going away at the upstream', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url, ['--session-lifetime-ms=3000'])
    const connection = upstream.connection()
    const socket = await openWebSocket(gateway, await gateway.ticket())
    const backend = closing((await connection).socket)
    expect(await closing(socket)).toEqual([4205, 'session_expired'])
    expect(await backend).toEqual([1001, 'session_expired'])
    expect(await gateway.event('session_ended')).toMatchObject({ ending: 'session_expired' })
  })

  it('ends in the same way where the first message opened it', async () => {
    const gateway = await startGateway((await startEcho()).url, ['--carrier=message', '--session-lifetime-ms=3000'])
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws`, { origin })
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'ticket', ticket: await gateway.ticket() }))
    expect(await closing(socket)).toEqual([4205, 'session_expired'])
    await gateway.event('session_ended')
  })

  it('is over, for nobody to blame, once its client has closed it', async () => {
    const gateway = await startGateway((await startEcho()).url)
    const socket = await openWebSocket(gateway, await gateway.ticket())
    socket.close(4000, 'enough')
    expect(await closing(socket)).toEqual([4000, 'enough'])
    expect(await gateway.event('session_ended')).toMatchObject({ ending: null, ticketId: await sessionAt(gateway) })
  })

  it('is told of, and ended, by its subject and nobody else', async () => {
    const gateway = await startGateway((await startEcho()).url)
    const socket = await openWebSocket(gateway, await gateway.ticket())
    const id = await sessionAt(gateway)
    expect(await (await ask(gateway, `GET /tickets/${id}`)).json()).toMatchObject({
      id,
      state: 'redeemed',
      reason: null,
    })
    expect((await ask(gateway, `GET /tickets/${id}`, 'mallory')).status).toBe(404)
    expect((await ask(gateway, `DELETE /tickets/${id}`, 'mallory')).status).toBe(204)
    socket.send('still here')
    expect(await nextMessage(socket)).toBe('still here')
    const end = closing(socket)
    expect((await ask(gateway, `DELETE /tickets/${id}`)).status).toBe(204)
    expect(await end).toEqual([4401, 'session_revoked'])
  })

  it('goes on where its subject renews it', async () => {
    const gateway = await startGateway((await startEcho()).url, ['--session-lifetime-ms=60000'])
    await openWebSocket(gateway, await gateway.ticket())
    const renewed = await ask(gateway, `POST /sessions/${await sessionAt(gateway)}/renew`)
    expect(renewed.status).toBe(200)
    const { session_expires_in: left } = (await renewed.json()) as { session_expires_in: number }
    expect(left).toBeGreaterThanOrEqual(55)
    expect(await gateway.event('session_renewed')).toMatchObject({ ticketId: await sessionAt(gateway) })
  })

  it('is ended by a ticket that is shown again, where the operator wants that', async () => {
    const gateway = await startGateway((await startEcho()).url, ['--reuse-policy=end_session'])
    const ticket = await gateway.ticket()
    const end = closing(await openWebSocket(gateway, ticket))
    const thief = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws`, ['wsticket.v1', ticket], { origin })
    await once(thief, 'error')
    expect(await end).toEqual([4401, 'session_revoked'])
  })

  it('yields to a newer one of its subject, or keeps it out', async () => {
    const upstream = await startEcho()
    const yielding = await startGateway(upstream.url, ['--sessions-per-subject=1', '--session-overflow=end_oldest'])
    const end = closing(await openWebSocket(yielding, await yielding.ticket()))
    await openWebSocket(yielding, await yielding.ticket())
    expect(await end).toEqual([4429, 'rate_limited'])
    const staying = await startGateway(upstream.url, ['--sessions-in-all=1'])
    await openWebSocket(staying, await staying.ticket())
    await expect(openWebSocket(staying, await staying.ticket('bob'))).rejects.toThrow('429')
  })
})
