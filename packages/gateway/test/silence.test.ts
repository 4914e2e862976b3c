import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { watchForSilence } from '../src/upstream/silence.ts'
import { nextMessage, openWebSocket } from './clients.ts'
import { startGateway } from './gateway-under-test.ts'
import { startEcho, startUpstream } from './upstreams.ts'

describe('a client of a gateway with --silence-ms', () => {
  it('is gone with 4408 once nothing comes from it, though its upstream pings it', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url, ['--silence-ms=1000'])
    upstream.server.on('connection', pingWithoutEnd)
    const socket = await openWebSocket(gateway, await gateway.ticket(), { autoPong: false })
    expect(String(await once(socket, 'close'))).toBe('4408,timeout')
    expect(await gateway.event('session_ended')).toMatchObject({ ending: 'session_unresponsive' })
  })

  it('stays as long as it answers the pings of its upstream', async () => {
    const upstream = await startUpstream()
    const gateway = await startGateway(upstream.url, ['--silence-ms=3000'])
    upstream.server.on('connection', pingWithoutEnd)
    const socket = await openWebSocket(gateway, await gateway.ticket())
    await pause(7000)
    expect(socket.readyState).toBe(socket.OPEN)
    expect(gateway.events.map(({ type }) => type)).not.toContain('session_ended')
  }, 20_000)

  it('may be silent without it', async () => {
    const gateway = await startGateway((await startEcho()).url)
    const socket = await openWebSocket(gateway, await gateway.ticket())
    await pause(2500)
    socket.send('still here')
    expect(await nextMessage(socket)).toBe('still here')
  })
})

function pingWithoutEnd(socket: { ping(): void; once(event: 'close', listener: () => void): unknown }): void {
  const timer = setInterval(() => socket.ping(), 100)
  socket.once('close', () => clearInterval(timer))
}

describe('silence', () => {
  function watched(silenceMs: number) {
    const socket = new PassThrough().resume()
    const seen = { silent: 0 }
    onTestFinished(
      watchForSilence(socket, silenceMs, () => {
        seen.silent += 1
      }),
    )
    return { socket, seen }
  }

  it('is none of a client that is not read, and begins once it is', async () => {
    const { socket, seen } = watched(1000)
    socket.pause()
    await pause(3000)
    expect(seen.silent).toBe(0)
    socket.resume()
    await expect.poll(() => seen.silent, { timeout: 9000 }).toBe(1)
  }, 15_000)

  it('is told of once, and not at all once the socket is closed', async () => {
    const { seen } = watched(1000)
    const over = { silent: 0 }
    const forget = watchForSilence(new PassThrough().resume(), 1000, () => {
      over.silent += 1
    })
    setTimeout(forget, 500)
    await expect.poll(() => seen.silent, { timeout: 9000 }).toBe(1)
    await pause(2500)
    expect([seen.silent, over.silent]).toEqual([1, 0])
  }, 15_000)
})
