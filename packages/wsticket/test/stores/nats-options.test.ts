import { describe, expect, it } from 'vitest'
import { fromNats, type JetStream, natsOptions } from '../../src/drivers/nats.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { createNatsStore, type NatsStoreOptions } from '../../src/stores/nats.ts'

/** A client that is never there. */
const driver = fromNats(new Promise<JetStream>(() => {}))

describe('the NATS store', () => {
  it.each<[string, NatsStoreOptions]>([
    ['bucket', { bucket: '' }],
    ['bucket', { bucket: 'tickets.>' }],
    ['bucket', { bucket: 'tickets *' }],
    ['bucket', { bucket: 'tickets\r\nPUB' }],
    ['bucket', { bucket: 'č' }],
    ['bucket', { bucket: 'x'.repeat(101) }],
    ['replicas', { replicas: 2 as 3 }],
    ['replicas', { replicas: '3' as unknown as 3 }],
    ['replication', { replication: 'any' as 'sound' }],
    ['recordAgeMs', { recordAgeMs: 60_000 }],
    ['recordAgeMs', { recordAgeMs: 90_000.5 }],
    ['recordAgeMs', { recordAgeMs: Number.POSITIVE_INFINITY }],
    ['deadlineMs', { deadlineMs: 0 }],
  ])('refuses a %s that cannot be: %j', (option, options) => {
    expect(() => createNatsStore(driver, options)).toThrow(ConfigurationError)
    expect(() => createNatsStore(driver, options)).toThrow(expect.objectContaining({ option }))
  })

  it('is made without a question to the server', () => {
    expect(createNatsStore(driver, { bucket: 'my_tickets-2', replicas: 5, recordAgeMs: 60_001 }).name).toBe('nats')
  })

  it('answers in time while the first connection is still to be made', async () => {
    const store = createNatsStore(driver, { deadlineMs: 20 })
    await expect(store.inspect()).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' })
  })

  it('says why the first connection could not be made, and nothing of what the client says', async () => {
    const refusal = Object.assign(new Error('password hunter2 is wrong'), { name: 'AuthorizationError' })
    const store = createNatsStore(fromNats(Promise.reject(refusal)))
    await expect(store.inspect()).rejects.toThrow('nats failed (AuthorizationError)')
  })
})

describe('the driver over NATS', () => {
  it('offers options that nobody can change', () => {
    expect(Object.isFrozen(natsOptions)).toBe(true)
  })

  it.each([[{}], [null], [{ getConnection: () => undefined }], [{ getConnection: () => ({}) }]])(
    'refuses what is no client: %j',
    (client) => {
      expect(() => fromNats(client as JetStream)).toThrow('jetstream must be what jetstream(connection) of')
    },
  )
})
