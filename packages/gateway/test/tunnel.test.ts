import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { EpochMs } from 'wsticket'
import { type TunnelLimits, tunnel } from '../src/upstream/tunnel.ts'

/** Two connections, joined in the middle: what is said at one end is heard at the other. */
async function joinEnds(limits: TunnelLimits) {
  const [one, other] = [await connection(), await connection()]
  tunnel(one.near, other.near, limits)
  return { client: one.far, upstream: other.far, middle: [one.near, other.near] }
}

/** Both ends of a connection. Each may end its own direction alone. */
async function connection(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [near] = (await once(server, 'connection')) as [Socket]
  server.close()
  for (const socket of [near, far]) socket.on('error', () => {})
  onTestFinished(() => {
    near.destroy()
    far.destroy()
  })
  return { near, far }
}

/** Resolves when all of them are closed, whether by an error or not. */
async function allClosed(sockets: readonly Socket[]): Promise<void> {
  const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await Promise.all(sockets.filter((socket) => !socket.closed).map(closed))
}

describe('a tunnel', () => {
  it('lets one side finish what it has to say after the other has ended', async () => {
    const { client, upstream, middle } = await joinEnds({ until: null, lingerMs: 5000 })
    client.end('goodbye')
    expect(String((await once(upstream, 'data'))[0])).toBe('goodbye')
    if (!upstream.readableEnded) await once(upstream, 'end')
    upstream.end('farewell')
    expect(String((await once(client, 'data'))[0])).toBe('farewell')
    await allClosed(middle)
  })

  it('does not wait longer than it should for a side that says nothing more, and does not end', async () => {
    const { client, upstream, middle } = await joinEnds({ until: null, lingerMs: 50 })
    upstream.resume()
    client.end()
    await allClosed(middle)
  })

  it('waits for nobody once a side has failed', async () => {
    const { client, middle } = await joinEnds({ until: null, lingerMs: 60_000 })
    client.resetAndDestroy()
    await allClosed(middle)
  })

  it('ends when its time is up, or was up already', async () => {
    for (const until of [Date.now() + 50, Date.now() - 50]) {
      const { middle } = await joinEnds({ until: until as EpochMs, lingerMs: 60_000 })
      await allClosed(middle)
    }
  })

  it('may last longer than a timer can', async () => {
    const { client, upstream } = await joinEnds({ until: (Date.now() + 2 ** 40) as EpochMs, lingerMs: 50 })
    client.write('still here')
    expect(String((await once(upstream, 'data'))[0])).toBe('still here')
  })
})
