import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { readConfiguration } from '../src/config/read-configuration.ts'
import { origin, startGateway } from './gateway-under-test.ts'

const nowhere = 'ws://127.0.0.1:9'

it('answers 429 before the upgrade, and for a ticket, and says how long to wait', async () => {
  const limits = ['--handshake-rate-per-address=0.01/1', '--tickets-per-subject=2']
  const gateway = await startGateway(nowhere, limits)
  const attempt = async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/ws`, ['wsticket.v1'], { origin })
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    response.destroy()
    return { status: response.statusCode, retryAfter: response.headers['retry-after'] }
  }
  expect(await attempt()).toEqual({ status: 401 })
  const limited = await attempt()
  expect(limited.status).toBe(429)
  expect(Number(limited.retryAfter)).toBeGreaterThan(50)
  expect(Number(limited.retryAfter)).toBeLessThanOrEqual(100)
  expect(gateway.events.at(-1)).toMatchObject({ type: 'refused', code: 'address_rate_limited' })
  for (let n = 0; n < 2; n++) await gateway.ticket()
  const authorization = `Bearer ${encodeURIComponent('"alice"')}`
  const refused = await fetch(`${gateway.url}/tickets`, { method: 'POST', headers: { authorization } })
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(20)
  expect(await refused.json()).toMatchObject({ code: 'rate_limited' })
})

it.each(['--pending-handshakes=1', '--pending-handshakes-per-address=1'])(
  'answers 503 where another waits for its first message, with %s, until that is gone',
  async (flag) => {
    const gateway = await startGateway(nowhere, ['--carrier=message', flag])
    const attempt = async () => {
      const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/ws`, { origin })
      socket.on('error', () => {})
      const [outcome] = (await Promise.race([
        once(socket, 'open').then(() => [101]),
        once(socket, 'unexpected-response').then(([, response]) => [(response as IncomingMessage).statusCode]),
      ])) as [number]
      return { socket, outcome }
    }
    const waiting = await attempt()
    const refused = await attempt()
    expect([waiting.outcome, refused.outcome]).toEqual([101, 503])
    expect(gateway.events.at(-1)).toMatchObject({ type: 'refused', code: 'overloaded' })
    waiting.socket.terminate()
    await expect.poll(async () => (await attempt()).outcome).toBe(101)
  },
)

it.each(['', '5', '5/0', '0/5', '-1/5', '5/5/5', '1e3/5', '5/1.5', 'none'])('takes no rate such as %j', (text) => {
  const outcome = readConfiguration([`--ticket-rate=${text}`], {})
  expect('problems' in outcome && outcome.problems.some((problem) => problem.startsWith('--ticket-rate '))).toBe(true)
})

it.each(['', '0', '1.5', '-1', 'none'])('takes no number of tickets such as %j', (text) => {
  const outcome = readConfiguration([`--tickets-per-subject=${text}`], {})
  const problems = 'problems' in outcome ? outcome.problems.filter((line) => line.startsWith('--tickets-per')) : []
  expect(problems).toHaveLength(1)
})
