import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { nextMessage } from './clients.ts'
import { type GatewayUnderTest, origin, startGateway } from './gateway-under-test.ts'
import { startEcho } from './upstreams.ts'

const flags = ['--carrier=message']

/** Opens a WebSocket without a ticket, and shows one as soon as it is open. */
async function show(gateway: GatewayUnderTest, ticket: string, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws`, protocols, { origin })
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'ticket', ticket }))
  return socket
}

async function closing(socket: WebSocket): Promise<readonly [number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return [code, reason.toString()]
}

describe('a gateway with the carrier message', () => {
  it('connects the upstream once the first message has let the client in, and passes on what follows', async () => {
    const upstream = await startEcho()
    const gateway = await startGateway(upstream.url, flags)
    const connection = upstream.connection()
    const socket = await show(gateway, await gateway.ticket())
    socket.send('hello')
    expect(await nextMessage(socket)).toBe('hello')
    const { request } = await connection
    expect(request.headers['x-wsticket-subject']).toBe('https://id.example#alice')
    expect(request.headers['sec-websocket-extensions']).toBeUndefined()
    expect(gateway.events.at(-1)).toMatchObject({ type: 'admitted', carrier: 'message' })
  })

  it('offers the upstream the subprotocol that it has selected, and closes where the upstream selects none', async () => {
    const willing = await startEcho()
    const first = await startGateway(willing.url, flags)
    const socket = await show(first, await first.ticket(), ['b', 'a'])
    socket.send('hello')
    expect([await nextMessage(socket), socket.protocol]).toEqual(['hello', 'b'])
    const unwilling = await startEcho({ handleProtocols: () => false })
    const second = await startGateway(unwilling.url, flags)
    expect(await closing(await show(second, await second.ticket(), ['b']))).toEqual([4400, 'bad_request'])
  })

  it('does not ask the upstream about a ticket that opens nothing', async () => {
    const upstream = await startEcho()
    const gateway = await startGateway(upstream.url, flags)
    const connections: unknown[] = []
    upstream.server.on('connection', (socket) => connections.push(socket))
    expect(await closing(await show(gateway, `wst_${'A'.repeat(43)}`))).toEqual([4401, 'invalid_ticket'])
    expect(connections).toEqual([])
  })

  it('closes with 1014 where there is no upstream', async () => {
    const gateway = await startGateway('ws://127.0.0.1:9', flags)
    expect(await closing(await show(gateway, await gateway.ticket()))).toEqual([1014, 'upstream_unavailable'])
  })
})
