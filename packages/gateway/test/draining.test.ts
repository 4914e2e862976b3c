import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { openWebSocket, sendHandshake } from './clients.ts'
import { origin, startGateway } from './gateway-under-test.ts'
import { startEcho, startUpstream } from './upstreams.ts'

const deadlineMs = 20_000

type Answer = (isWilling: boolean, status?: number) => void

/** A gateway in front of an upstream that keeps a handshake waiting until it is told what to say. */
async function startWaiting() {
  const answers: Answer[] = []
  const verifyClient = (_: unknown, answer: Answer) => void answers.push(answer)
  const { url } = await startUpstream({ verifyClient })
  const gateway = await startGateway(url)
  /** Resolves with the way to answer, once the upstream is asked. */
  async function asked(): Promise<Answer> {
    await expect.poll(() => answers.length, { timeout: 9000 }).toBe(1)
    return answers[0] as Answer
  }
  return { gateway, asked }
}

describe('a gateway that stops while its upstream is asked about a handshake', () => {
  it('waits for the answer, and closes with 1012 who is let in', async () => {
    const { gateway, asked } = await startWaiting()
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws`, ['wsticket.v1', await gateway.ticket()], {
      origin,
    })
    onTestFinished(() => socket.terminate())
    const closed = once(socket, 'close')
    const answer = await asked()
    const stopped = gateway.stop(deadlineMs)
    await pause(1500)
    answer(true)
    expect(String(await closed)).toBe('1012,restarting')
    await stopped
  })

  it('waits for it, and refuses as ever', async () => {
    const { gateway, asked } = await startWaiting()
    const client = sendHandshake(gateway, await gateway.ticket())
    const answer = await asked()
    const stopped = gateway.stop(deadlineMs)
    await pause(1500)
    answer(false, 403)
    expect(await client.all()).toMatch(/^HTTP\/1\.1 502 /)
    await stopped
  })

  it('waits no longer than its deadline', async () => {
    const { gateway, asked } = await startWaiting()
    sendHandshake(gateway, await gateway.ticket())
    await asked()
    const startedAt = performance.now()
    await gateway.stop(1200)
    const tookMs = performance.now() - startedAt
    expect(tookMs).toBeGreaterThan(1100)
    expect(tookMs).toBeLessThan(8000)
  })
})

it('a gateway that stops closes with 1012 who has yet to send a first message', async () => {
  const gateway = await startGateway((await startEcho()).url, ['--carrier=message'])
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws`, { origin })
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  const closed = once(socket, 'close')
  const stopped = gateway.stop(deadlineMs)
  expect(String(await closed)).toBe('1012,restarting')
  await stopped
  expect(await gateway.event('refused')).toMatchObject({ code: 'draining', ticketId: null })
})

it('a gateway that stops ends at once where there is nobody', async () => {
  const gateway = await startGateway((await startEcho()).url)
  const socket = await openWebSocket(gateway, await gateway.ticket())
  socket.close()
  await gateway.event('session_ended')
  await gateway.stop(600_000)
})
