import { jetstream } from '@nats-io/jetstream'
import { type ConnectionOptions, connect, type Msg, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { fromNats, natsOptions } from '../../src/drivers/nats.ts'
import { createNatsStore } from '../../src/stores/nats.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import { connectNats } from './nats-harness.ts'

let server: NatsServer
beforeAll(async () => {
  server = await startNats()
})
afterAll(() => server?.dispose())

/** A connection that ends with the test. */
async function open(options: ConnectionOptions = natsOptions): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url, ...options })
  onTestFinished(() => connection.close())
  return connection
}

describe('the driver over NATS', () => {
  it.each<[string, ConnectionOptions]>([
    ['gives up one day', {}],
    ['gives up one day', { ...natsOptions, maxReconnectAttempts: 100 }],
    ['gives up one day', { ...natsOptions, reconnect: false }],
    ['gives up one day', { ...natsOptions, ignoreAuthErrorAbort: false }],
    ['waits too long', { ...natsOptions, timeout: 20_000 }],
    ['waits too long', { maxReconnectAttempts: -1, ignoreAuthErrorAbort: true }],
  ])('refuses a connection that %s: %j', async (problem, options) => {
    const client = jetstream(await open(options))
    expect(() => fromNats(client)).toThrow(`jetstream is on a connection that ${problem}: connect with ...natsOptions`)
    await expect(fromNats(Promise.resolve(client)).ready()).rejects.toMatchObject({ name: 'ConfigurationError' })
  })

  it('says that a connection was closed, and that this is the end of it', async () => {
    const connection = await open()
    const store = createNatsStore(fromNats(jetstream(connection)))
    await store.inspect()
    await connection.close()
    const problem = 'is on a closed connection, which never opens again: make a new store on a new one'
    await expect(store.insert(sampleRecord(systemClock()))).rejects.toMatchObject({ code: 'unavailable' })
    await expect(store.insert(sampleRecord(systemClock()))).rejects.toThrow(`nats is of no use: jetstream ${problem}`)
    await expect(store.inspect()).rejects.toMatchObject({ name: 'ConfigurationError', option: 'jetstream' })
  })

  it('looks at the bucket once for everybody who asks after the server has started anew', async () => {
    const own = await startNats()
    onTestFinished(() => own.dispose())
    const { client, connection } = await connectNats(own.url)
    onTestFinished(() => connection.close())
    const driver = fromNats(client)
    let looks = 0
    const stream = (name: string) => {
      looks += 1
      return driver.stream(name)
    }
    const store = createNatsStore({ ...driver, stream })
    await store.inspect()
    const before = driver.server()?.id
    await own.stop()
    await own.restart()
    await until('the connection is made anew', () => ![undefined, before].includes(driver.server()?.id))
    looks = 0
    const ids = Array.from({ length: 50 }, () => sampleRecord(systemClock()).id)
    const outcomes = await Promise.all(ids.map((id) => store.redeem(id, systemClock())))
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['unknown']))
    // Once, and once more for the bucket that it made.
    expect(looks).toBeLessThanOrEqual(2)
  })

  it('is ready when the connection that was promised is made, and uses it from then on', async () => {
    const connecting = open()
    const store = createNatsStore(fromNats(connecting.then((connection) => jetstream(connection))))
    const record = sampleRecord(systemClock())
    await store.insert(record)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
  })

  it('finds a server that was started anew, and the bucket that is no longer there, within one question', async () => {
    const connection = await open()
    const store = createNatsStore(fromNats(jetstream(connection)))
    const record = sampleRecord(systemClock())
    await store.insert(record)
    const { server_id: before } = connection.info ?? {}
    await server.restart()
    await until('it is connected again', () => connection.info !== undefined && connection.info.server_id !== before)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'unknown' })
  })
})

describe('on the wire', () => {
  /** What is published under the keys of the bucket while something is done. */
  async function published(doing: (store: ReturnType<typeof createNatsStore>) => Promise<void>): Promise<Msg[]> {
    const { client, connection } = await connectNats(server.url)
    const observer = await open()
    const messages: Msg[] = []
    observer.subscribe('$KV.wire.>', { callback: (_, message) => void messages.push(message) })
    await observer.flush()
    await doing(createNatsStore(fromNats(client), { bucket: 'wire' }))
    await observer.flush()
    await connection.close()
    return messages
  }

  it('a record and the end of its ticket are published once each, as the first of their keys', async () => {
    const record = sampleRecord(systemClock())
    const messages = await published(async (store) => {
      await store.insert(record)
      await store.redeem(record.id, systemClock())
    })
    const asFirst = [['Nats-Expected-Last-Subject-Sequence', ['0']]]
    expect(messages.map(({ subject, headers }) => [subject, [...(headers ?? [])]])).toEqual([
      [`$KV.wire.${record.id}`, asFirst],
      [`$KV.wire.${record.id}.end`, asFirst],
    ])
    expect(messages[1]?.string()).toBe('redeemed')
  })

  it('nothing is published for a ticket that is unknown or has expired', async () => {
    const [unknown, expired] = [sampleRecord(systemClock()), sampleRecord(systemClock())]
    const messages = await published(async (store) => {
      await store.insert(expired)
      await store.redeem(unknown.id, systemClock())
      await store.revoke(unknown.id, systemClock())
      await store.redeem(expired.id, expired.expiresAt)
    })
    expect(messages.map(({ subject }) => subject)).toEqual([`$KV.wire.${expired.id}`])
  })
})
