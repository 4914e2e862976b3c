import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { nextMessage, openWebSocket, sendHandshake } from './clients.ts'
import { issuer, startGateway } from './gateway-under-test.ts'
import { head101, startEcho, startRawUpstream, startUpstream, switchingProtocols } from './upstreams.ts'

describe('an upstream that takes the WebSocket', () => {
  it('hears every message and is heard', async () => {
    const gateway = await startGateway((await startEcho()).url)
    const socket = await openWebSocket(gateway, await gateway.ticket())
    socket.send('hello')
    expect(await nextMessage(socket)).toBe('hello')
  })

  it('is told who is speaking, and in which session', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url)
    const [{ request }] = await Promise.all([
      upstream.connection(),
      openWebSocket(gateway, await gateway.ticket('bob')),
    ])
    const { ticketId } = await gateway.event('admitted')
    expect(request.headers).toMatchObject({ 'x-wsticket-subject': `${issuer}#bob`, 'x-wsticket-session': ticketId })
  })

  it('gets messages of several megabytes whole, in both directions', async () => {
    const gateway = await startGateway((await startEcho({ maxPayload: 20_000_000 })).url)
    const socket = await openWebSocket(gateway, await gateway.ticket(), { maxPayload: 20_000_000 })
    const message = Buffer.alloc(8_000_000, 'abcdefg')
    socket.send(message)
    const [data] = (await once(socket, 'message')) as [Buffer]
    expect(data.equals(message)).toBe(true)
  })

  it('is told the close code of the client', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url)
    const [{ socket }, client] = await Promise.all([
      upstream.connection(),
      openWebSocket(gateway, await gateway.ticket()),
    ])
    client.close(4123, 'enough')
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
    expect([code, reason.toString()]).toEqual([4123, 'enough'])
  })

  it('tells the client its close code', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url)
    const [{ socket }, client] = await Promise.all([
      upstream.connection(),
      openWebSocket(gateway, await gateway.ticket()),
    ])
    socket.close(4321, 'over')
    const [code, reason] = (await once(client, 'close')) as [number, Buffer]
    expect([code, reason.toString()]).toEqual([4321, 'over'])
  })

  it('and its client are asked by TCP whether they are there', async () => {
    const asked = vi.spyOn(Socket.prototype, 'setKeepAlive')
    onTestFinished(() => asked.mockRestore())
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url)
    const ports = [upstream.url, gateway.url].map((url) => Number(new URL(url).port))
    await openWebSocket(gateway, await gateway.ticket())
    const alive = asked.mock.calls.flatMap(([isOn], at) => {
      const socket = asked.mock.contexts[at] as Socket
      return isOn ? [socket.remotePort, socket.localPort] : []
    })
    expect(alive).toEqual(expect.arrayContaining(ports))
  })

  it('loses its connection when the client is gone', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url)
    const [{ socket }, client] = await Promise.all([
      upstream.connection(),
      openWebSocket(gateway, await gateway.ticket()),
    ])
    client.terminate()
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(1006)
  })

  it('takes the client with it when it is gone', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url)
    const [{ socket }, client] = await Promise.all([
      upstream.connection(),
      openWebSocket(gateway, await gateway.ticket()),
    ])
    socket.terminate()
    const [code] = (await once(client, 'close')) as [number]
    expect(code).toBe(1006)
  })

  it('is not read faster than the client reads', { timeout: 30_000 }, async () => {
    const upstream = await startRawUpstream((socket, key) => socket.write(switchingProtocols(key)))
    const gateway = await startGateway(upstream.url)
    const client = sendHandshake(gateway, await gateway.ticket())
    await client.head()
    client.socket.pause()
    const [socket] = upstream.connections
    const chunk = Buffer.alloc(1_000_000)
    let sent = 0
    // One after another: what is written together counts as sent when all of it is.
    const send = () => {
      sent += 1
      if (sent < 60) socket?.write(chunk, send)
      else socket?.end()
    }
    socket?.write(chunk, send)
    // The buffers in between are full when the upstream has made no headway for a while.
    let before = -1
    while (sent === 0 || sent !== before) {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(sent).toBeLessThan(40)
    client.socket.resume()
    expect((await client.all()).length).toBeGreaterThan(60_000_000)
  })
})

describe('the subprotocol', () => {
  it('is the one that the upstream selected of those that the application offered', async () => {
    const upstream = await startUpstream({ handleProtocols: () => 'chat.v2' })
    const gateway = await startGateway(upstream.url)
    const [{ request }, client] = await Promise.all([
      upstream.connection(),
      openWebSocket(gateway, await gateway.ticket(), { protocols: ['chat.v1', 'chat.v2'] }),
    ])
    expect(request.headers['sec-websocket-protocol']).toBe('chat.v1, chat.v2')
    expect(client.protocol).toBe('chat.v2')
  })

  it('is wsticket.v1 where the upstream selects none', async () => {
    const gateway = await startGateway((await startUpstream({ handleProtocols: () => false })).url)
    const client = await openWebSocket(gateway, await gateway.ticket(), { protocols: ['chat.v1'] })
    expect(client.protocol).toBe('wsticket.v1')
  })

  it('is not offered to the upstream where the application offered none', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url)
    const [{ request }, client] = await Promise.all([
      upstream.connection(),
      openWebSocket(gateway, await gateway.ticket()),
    ])
    expect(request.headers).not.toHaveProperty('sec-websocket-protocol')
    expect(client.protocol).toBe('wsticket.v1')
  })

  it('cannot be one that the client did not offer', async () => {
    const upstream = await startRawUpstream((socket, key) =>
      socket.write(switchingProtocols(key, 'Sec-WebSocket-Protocol: other.v1')),
    )
    const gateway = await startGateway(upstream.url)
    expect(await sendHandshake(gateway, await gateway.ticket()).all()).toMatch(/^HTTP\/1\.1 502 /)
  })
})

describe('the ticket', () => {
  it.each([
    ['subprotocol', (ticket: string) => ({ lines: [`Sec-WebSocket-Protocol: ${ticket}`], target: '/ws' })],
    ['authorization', (ticket: string) => ({ lines: [`Authorization: Ticket ${ticket}`], target: '/ws' })],
    ['query', (ticket: string) => ({ lines: [], target: `/ws?room=1&ticket=${ticket}` })],
  ])('is in nothing that the upstream sees when it came by the carrier %s', async (carrier, present) => {
    const upstream = await startRawUpstream((socket, key) => socket.end(switchingProtocols(key)))
    const gateway = await startGateway(upstream.url, [`--carrier=${carrier}`])
    const ticket = await gateway.ticket()
    const { lines, target } = present(ticket)
    const client = sendHandshake(gateway, 'app.v1', { target, lines })
    expect(await client.head()).toMatch(/^HTTP\/1\.1 101 /)
    expect(upstream.heads).toHaveLength(1)
    expect(upstream.heads[0]).not.toContain(ticket.slice(4))
    expect(upstream.heads[0]?.split(' ')[1]).toBe(carrier === 'query' ? '/ws?room=1' : '/ws')
  })

  it('is in nothing that the client gets back', async () => {
    const upstream = await startRawUpstream((socket, key) => socket.end(switchingProtocols(key)))
    const gateway = await startGateway(upstream.url)
    const ticket = await gateway.ticket()
    expect(await sendHandshake(gateway, ticket).all()).not.toContain(ticket)
  })

  it('stays spent when the upstream does not take the WebSocket', async () => {
    const upstream = await startRawUpstream((socket) => socket.destroy())
    const gateway = await startGateway(upstream.url)
    const ticket = await gateway.ticket()
    expect(await sendHandshake(gateway, ticket).all()).toMatch(/^HTTP\/1\.1 502 /)
    expect(await sendHandshake(gateway, ticket).all()).toMatch(/^HTTP\/1\.1 401 /)
  })
})

describe('an upstream that does not take the WebSocket', () => {
  const problem = (status: number, code: string) =>
    new RegExp(`^HTTP/1\\.1 ${status} [^]*application/problem\\+json[^]*"code":"${code}"`)

  it('is a 502 when it answers something else, and its answer stays here', async () => {
    const upstream = await startRawUpstream((socket) => {
      socket.write('HTTP/1.1 404 Not Found\r\nX-Internal: yes\r\nContent-Length: 6\r\n\r\nsecret')
    })
    const gateway = await startGateway(upstream.url)
    const answer = await sendHandshake(gateway, await gateway.ticket()).all()
    expect(answer).toMatch(problem(502, 'upstream_unavailable'))
    expect(answer).not.toMatch(/secret|X-Internal/)
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'upstream_refused', status: 404 })
  })

  it('has its connection closed after any answer but 101: it is not used again', async () => {
    const upstream = await startRawUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok')
      socket.resume()
    })
    const gateway = await startGateway(upstream.url)
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await sendHandshake(gateway, await gateway.ticket()).all()
      const socket = upstream.connections[attempt - 1]
      if (socket?.closed === false) await once(socket, 'close')
    }
    expect(upstream.connections).toHaveLength(2)
  })

  it('is not followed elsewhere', async () => {
    const elsewhere = await startRawUpstream((socket, key) => socket.write(switchingProtocols(key)))
    const upstream = await startRawUpstream((socket) => {
      socket.write(
        `HTTP/1.1 302 Found\r\nLocation: ${elsewhere.url.replace('ws', 'http')}/ws\r\nContent-Length: 0\r\n\r\n`,
      )
    })
    const gateway = await startGateway(upstream.url)
    expect(await sendHandshake(gateway, await gateway.ticket()).all()).toMatch(problem(502, 'upstream_unavailable'))
    expect(elsewhere.connections).toHaveLength(0)
  })

  it.each([
    [
      'a wrong Sec-WebSocket-Accept',
      () => head101('Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA='),
    ],
    ['no Sec-WebSocket-Accept', () => head101('Upgrade: websocket', 'Connection: Upgrade')],
    ['two of them', (key: string) => switchingProtocols(key, 'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=')],
    ['another protocol', (key: string) => switchingProtocols(key).replace('Upgrade: websocket', 'Upgrade: h2c')],
    [
      'no upgrade at all',
      (key: string) => switchingProtocols(key).replace('Upgrade: websocket', 'X-Upgrade: websocket'),
    ],
    [
      'two subprotocols',
      (key: string) => switchingProtocols(key, 'Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: a'),
    ],
  ])('is a 502 when its 101 has %s, and no byte of it passes', async (_, answer) => {
    const upstream = await startRawUpstream((socket, key) => socket.write(`${answer(key)}leaked`))
    const gateway = await startGateway(upstream.url)
    const text = await sendHandshake(gateway, await gateway.ticket(), {
      lines: ['Sec-WebSocket-Protocol: a'],
      behind: 'pipelined',
    }).all()
    expect(text).toMatch(problem(502, 'upstream_unavailable'))
    expect(text).not.toContain('leaked')
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'upstream_malformed' })
    const [socket] = upstream.connections
    socket?.resume()
    if (socket?.closed === false) await once(socket, 'close')
    expect(upstream.heads.join()).not.toContain('pipelined')
  })

  it('is a 502 when nobody listens there', async () => {
    const gateway = await startGateway('ws://127.0.0.1:9')
    expect(await sendHandshake(gateway, await gateway.ticket()).all()).toMatch(problem(502, 'upstream_unavailable'))
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'upstream_unreachable', status: null })
  })

  it('is a 504 when it never answers', async () => {
    const upstream = await startRawUpstream((socket) => socket.resume())
    const gateway = await startGateway(upstream.url, [], { upstreamTimeoutMs: 150 })
    expect(await sendHandshake(gateway, await gateway.ticket()).all()).toMatch(problem(504, 'upstream_timeout'))
    const [socket] = upstream.connections
    if (socket?.closed === false) await once(socket, 'close')
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'upstream_timeout' })
  })

  it('gets nothing in the clear where it is to be wss:', async () => {
    const first: Buffer[] = []
    const server = createServer((socket) => {
      socket.once('data', (chunk) => {
        first.push(chunk)
        socket.destroy()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const gateway = await startGateway(`wss://localhost:${(server.address() as AddressInfo).port}`)
    expect(await sendHandshake(gateway, await gateway.ticket()).all()).toMatch(problem(502, 'upstream_unavailable'))
    // RFC 8446 section 5.1: a record of a TLS handshake.
    expect(first.map((chunk) => chunk[0])).toEqual([22])
    expect(first.join()).not.toContain('GET ')
  })

  it('is given up when the client is gone', async () => {
    const upstream = await startRawUpstream((socket) => {
      socket.resume()
      client.socket.resetAndDestroy()
    })
    const gateway = await startGateway(upstream.url)
    const client = sendHandshake(gateway, await gateway.ticket())
    expect(await gateway.event('upstream_failed')).toMatchObject({ code: 'client_gone' })
    const [socket] = upstream.connections
    if (socket?.closed === false) await once(socket, 'close')
  })
})

describe('bytes that come too early', () => {
  // A masked text frame: "hi".
  const frame = Uint8Array.of(0x81, 0x82, 1, 2, 3, 4, 0x68 ^ 1, 0x69 ^ 2)

  it('reach the upstream after its 101, and not before', async () => {
    const seen: string[] = []
    const upstream = await startRawUpstream((socket, key) => {
      socket.on('data', (chunk) => {
        seen.push(chunk.toString('latin1'))
        socket.end()
      })
      socket.resume()
      setTimeout(() => {
        seen.push('101')
        socket.write(switchingProtocols(key))
      }, 100)
    })
    const gateway = await startGateway(upstream.url)
    await sendHandshake(gateway, await gateway.ticket(), { behind: frame }).all()
    expect(seen).toEqual(['101', Buffer.from(frame).toString('latin1')])
  })

  it('reach the client behind the 101', async () => {
    const upstream = await startRawUpstream((socket, key) =>
      socket.end(`${switchingProtocols(key)}\u0081\u0002hi`, 'latin1'),
    )
    const gateway = await startGateway(upstream.url)
    const answer = await sendHandshake(gateway, await gateway.ticket()).all()
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    expect(answer.endsWith('\r\n\r\n\u0081\u0002hi')).toBe(true)
  })

  it('do not keep a real client and a real server from understanding each other', async () => {
    const gateway = await startGateway((await startEcho()).url)
    const client = sendHandshake(gateway, await gateway.ticket(), { behind: frame })
    await client.head()
    client.socket.end(Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8))
    expect((await client.all()).split('\r\n\r\n')[1]).toBe('\u0081\u0002hi\u0088\u0002\u0003\u00e8')
  })
})
