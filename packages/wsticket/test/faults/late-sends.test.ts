/** What is sent in a second step, where somebody waits for it: once the deadline is over it is not sent any more. */
import { setTimeout as pause } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { type FaultProxy, startFaultProxy } from 'wsticket-engines/fault-proxy'
import { startNats } from 'wsticket-engines/nats'
import { startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { fromIoredis, ioredisOptions } from '../../src/drivers/ioredis.ts'
import { fromNats, natsOptions } from '../../src/drivers/nats.ts'
import { createNatsStore } from '../../src/stores/nats.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import { issueInTime } from './issuing.ts'

const deadlineMs = 1500
const lateMs = 300
const longEnoughMs = 1000

/** As it stays where it was dropped for another a moment ago: what comes on it late comes to somebody. */
function keepTheLine(): void {}

async function startProxy(to: number, protocol: 'redis' | 'nats'): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ to, protocol })
  onTestFinished(() => proxy.stop())
  return proxy
}

it('a script that a Redis did not know is not sent in full when it says so too late', async () => {
  const server = await startRedis()
  onTestFinished(server.dispose)
  const proxy = await startProxy(server.port, 'redis')
  // Or the client drops the line before the store's time is up.
  const socketTimeout = 2 * deadlineMs
  const client = new Redis(proxy.port, '127.0.0.1', { ...ioredisOptions, socketTimeout })
  onTestFinished(() => client.disconnect())
  const store = createRedisStore({ ...fromIoredis(client), reconnect: keepTheLine }, { deadlineMs })
  const record = await issueInTime(store)
  await server.command('SCRIPT', 'FLUSH')
  proxy.forget()
  const arrived = proxy.delayReply(record.id, deadlineMs + lateMs)
  await expect(store.redeem(record.id, systemClock())).rejects.toMatchObject({ code: 'unavailable' })
  await arrived
  await pause(lateMs)
  expect(proxy.requestsWith(record.id)).toBe(1)
  expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
})

it('what no NATS listens to is published again while somebody waits, and not afterwards', async () => {
  const server = await startNats()
  onTestFinished(server.dispose)
  const proxy = await startProxy(server.port, 'nats')
  const connection = await connect({ port: proxy.port, ...natsOptions })
  onTestFinished(() => connection.close())
  // Of the pauses between attempts, 20, 50, 100 and 200 ms, the first two fit.
  const driver = { ...fromNats(jetstream(connection)), reconnect: keepTheLine }
  const store = createNatsStore(driver, { deadlineMs: 150 })
  await until('the store is there', () => store.inspect())
  await (await jetstreamManager(connection)).streams.delete('KV_wsticket')
  const record = sampleRecord(systemClock())
  await expect(store.insert(record)).rejects.toMatchObject({ code: 'unavailable' })
  await pause(longEnoughMs)
  const attempts = proxy.requestsWith(`HPUB $KV.wsticket.${record.id} `)
  expect(attempts).toBeGreaterThanOrEqual(1)
  expect(attempts).toBeLessThanOrEqual(3)
})
