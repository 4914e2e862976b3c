import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { openWebSocket, sendHandshake } from '../clients.ts'
import { type Served, startServing } from './serving.ts'

async function closing(socket: WebSocket): Promise<readonly [number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return [code, reason.toString()]
}

/** A gateway with two WebSockets that is told to stop: the first has been closed, the other has a while yet. */
async function stopHalfway() {
  const gateway = await startServing({ flags: ['--drain-window-ms=60000', '--drain-deadline-ms=90000'] })
  const unused = await gateway.ticket()
  const [first, second] = [await open(gateway), await open(gateway)]
  const end = closing(first)
  gateway.program.process.kill()
  expect(await end).toEqual([1012, 'restarting'])
  return { gateway, unused, second }
}

async function open(gateway: Served): Promise<WebSocket> {
  return openWebSocket(gateway, await gateway.ticket())
}

/** How long a gateway with a client that reads nothing and answers nothing takes to end, with 0, once it is told to stop. */
async function msToStopWithSilentClient(deadlineMs: number): Promise<number> {
  const gateway = await startServing({ flags: ['--drain-window-ms=0', `--drain-deadline-ms=${deadlineMs}`] })
  const client = sendHandshake(gateway, await gateway.ticket())
  await client.head()
  client.socket.pause()
  const startedAt = performance.now()
  gateway.program.process.kill()
  expect(await gateway.program.ended).toMatchObject({ code: 0 })
  return performance.now() - startedAt
}

function isAtDeadline(tookMs: number): boolean {
  return tookMs < 1500
}

describe('a gateway that is told to stop', () => {
  it('is not ready, issues and admits nothing, and ends with the last WebSocket', async () => {
    const { gateway, unused, second } = await stopHalfway()
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200)
    const readiness = await fetch(`${gateway.url}/readyz`)
    expect([readiness.status, await readiness.json()]).toEqual([503, expect.objectContaining({ code: 'not_ready' })])
    const issuing = await gateway.ask()
    expect([issuing.status, await issuing.json()]).toEqual([503, expect.objectContaining({ code: 'restarting' })])
    expect(await sendHandshake(gateway, unused).all()).toMatch(/^HTTP\/1\.1 503 .*"code":"restarting"/s)
    second.close()
    expect(await gateway.program.ended).toMatchObject({ code: 0 })
  })

  it('ends at once at a second signal', async () => {
    const { gateway, second } = await stopHalfway()
    const end = closing(second)
    gateway.program.process.kill()
    expect((await end)[0]).toBe(1006)
    expect(await gateway.program.ended).toMatchObject({ code: null })
  })

  it('cuts at its deadline a client that does not answer the close frame, and waits for it where there is time', async () => {
    // By itself the tunnel cuts it after two seconds.
    expect(await msToStopWithSilentClient(60_000)).toBeGreaterThan(1900)
    const quick: number[] = []
    // A machine that many share stands still for a while now and then, but hardly thrice.
    while (quick.length < 3 && !quick.some(isAtDeadline)) quick.push(await msToStopWithSilentClient(200))
    expect(quick.some(isAtDeadline), `it took ${quick.join(', ')} ms`).toBe(true)
  }, 60_000)
})
