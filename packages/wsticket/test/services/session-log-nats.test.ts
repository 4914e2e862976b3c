import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { type NatsCluster, startNatsCluster } from 'wsticket-engines/nats-cluster'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import type { Subject } from '../../src/credential.ts'
import { fromNats } from '../../src/drivers/nats.ts'
import type { KeptMessage, NatsDriver, StreamConfiguration } from '../../src/nats-driver.ts'
import { openSessionLog } from '../../src/open-store.ts'
import type { Closing, Session } from '../../src/session.ts'
import { entryAgeMs, type LogPosition, type SessionEntry, type SessionLog } from '../../src/session-log.ts'
import { createNatsSessionLog, type NatsSessionLogOptions } from '../../src/session-logs/nats.ts'
import { createSessions } from '../../src/sessions.ts'
import { sourceOf } from '../../src/store-source.ts'
import { newId } from '../../src/testing/store-harness.ts'
import { at } from '../core/fixtures.ts'
import { harnessOf, itConformsAsLog } from '../session-logs/log-suite.ts'
import { connectNats } from './nats-harness.ts'

const stream = 'wsticket_sessions'

/** Empties the log, where there is one. */
async function purge(servers: string | readonly string[]): Promise<void> {
  const { manager, connection } = await connectNats(servers)
  await manager.streams.purge(stream).catch(() => {})
  await connection.close()
}

async function open(servers: string | readonly string[], replicas: 1 | 3) {
  const { client, connection } = await connectNats(servers)
  const log = createNatsSessionLog(fromNats(client), { replicas })
  // Three that have just met may take longer to create a stream than a question may.
  await until('the log is there', () => log.readAfter(null, 1))
  return { log, end: () => connection.close() }
}

const alice = 'https://issuer.example#alice' as Subject
const entry: SessionEntry = { kind: 'revocation', selector: { kind: 'subject', subject: alice }, at: at(1) }
const text = JSON.stringify(entry)

let server: NatsServer
let cluster: NatsCluster
beforeAll(async () => {
  server = await startNats()
  cluster = await startNatsCluster()
})
afterAll(async () => {
  await cluster?.dispose()
  await server?.dispose()
})

describe('the log in NATS', () => {
  itConformsAsLog(() =>
    harnessOf(
      () => open(server.url, 1),
      () => purge(server.url),
    ),
  )
})

describe('the log in a NATS cluster, with three replicas', () => {
  itConformsAsLog(() =>
    harnessOf(
      () => open(cluster.urls, 3),
      () => purge(cluster.urls),
    ),
  )
})

/** A client that ends with the test. */
async function connectHere() {
  const connected = await connectNats(server.url)
  onTestFinished(() => connected.connection.close())
  return connected
}

/** A log of its own, through a driver that is what it is but for some changes. */
async function openHere(bucket: string, changes: (driver: NatsDriver) => Partial<NatsDriver> = () => ({})) {
  const { client, connection, manager } = await connectHere()
  const driver = fromNats(client)
  const log = createNatsSessionLog({ ...driver, ...changes(driver) }, { bucket })
  onTestFinished(() => log.close())
  return { log, client, connection, manager, stream: `${bucket}_sessions` }
}

async function appendSome(log: SessionLog, count: number): Promise<LogPosition[]> {
  const positions: LogPosition[] = []
  for (let n = 0; n < count; n += 1) positions.push(await log.append(entry))
  return positions
}

describe('what is old', () => {
  /** Makes the first so many messages as old as it takes. */
  const ageing = (old: { count: number }) => (driver: NatsDriver) => ({
    async messageOfLeader(name: string, sequence: number): Promise<KeptMessage | null> {
      const kept = await driver.messageOfLeader(name, sequence)
      if (kept === null || sequence > old.count) return kept
      return { ...kept, storedAt: at(kept.storedAt - entryAgeMs) }
    },
  })

  it('is dropped at every 32nd entry, 64 at a time, but for the one that has a new one behind it', async () => {
    const old = { count: 0 }
    const { log, manager, stream: name } = await openHere('old', ageing(old))
    const first = async () => (await manager.streams.info(name)).state.first_seq
    const positions = await appendSome(log, 94)
    old.count = 70
    await appendSome(log, 1)
    expect(await first()).toBe(1)
    await appendSome(log, 1)
    await expect.poll(first).toBe(65)
    positions.push(...(await appendSome(log, 32)))
    await expect.poll(first).toBe(70)
    await appendSome(log, 32)
    expect(await first()).toBe(70)
    expect(await log.readAfter(positions[68] as LogPosition, 9)).toBe('lost')
    expect(await log.readAfter(positions[69] as LogPosition, 9)).toHaveLength(9)
    const oldest = await log.readAfter(null, 1)
    expect(oldest).toMatchObject([{ position: positions[69] }])
  })

  it('goes with what is missing among it, past which nobody could read', async () => {
    const old = { count: 0 }
    const missing = [2, 5]
    const {
      log,
      manager,
      stream: name,
    } = await openHere('old-hole', (driver) => {
      const { messageOfLeader } = ageing(old)(driver)
      return { messageOfLeader: async (...asked) => (missing.includes(asked[1]) ? null : messageOfLeader(...asked)) }
    })
    await appendSome(log, 31)
    await expect(log.readAfter(null, 9)).rejects.toMatchObject({ code: 'malformed' })
    old.count = 10
    await appendSome(log, 1)
    await expect.poll(async () => (await manager.streams.info(name)).state.first_seq).toBe(10)
    expect(await log.readAfter(null, 9)).toHaveLength(9)
  })
})

describe('a position', () => {
  it('is lost where another entry has its number, and where it is that of no entry or of another engine', async () => {
    const { log, client, manager, stream: name } = await openHere('another')
    const [position] = (await appendSome(log, 1)) as [LogPosition]
    await manager.streams.delete(name)
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await until('there is a stream again', () => log.readAfter(null, 9))).toEqual([])
    await client.publish(name, text, { msgID: 'another' })
    for (const lost of [position, '1-1/another', '1', 'x', '9/another'])
      expect(await log.readAfter(lost as LogPosition, 9)).toBe('lost')
    expect(await log.readAfter('1/another' as LogPosition, 9)).toEqual([])
    await appendSome(log, 1)
    expect(await log.readAfter(position, 9)).toBe('lost')
    expect(await log.readAfter('1/another' as LogPosition, 9)).toHaveLength(1)
  })

  it('is lost where its stream was deleted and made anew by another, with as many entries', async () => {
    const { log, manager, stream: name } = await openHere('anew')
    const [first, second] = (await appendSome(log, 2)) as [LogPosition, LogPosition]
    await manager.streams.delete(name)
    const { log: other } = await openHere('anew')
    await appendSome(other, 3)
    expect(await log.readAfter(first, 9)).toBe('lost')
    expect(await log.readAfter(second, 9)).toBe('lost')
    expect(await log.readAfter(null, 9)).toHaveLength(3)
  })

  it('is not lost where a new leader does not have it yet, or what is behind it', async () => {
    let late = 0
    const isLate = () => {
      late -= 1
      return late >= 0
    }
    const { log } = await openHere('late', (driver) => ({
      lastOfLeader: async (name, subject) =>
        isLate() ? driver.messageOfLeader(name, 1) : driver.lastOfLeader(name, subject),
    }))
    const [, second] = (await appendSome(log, 3)) as [LogPosition, LogPosition]
    late = 2
    expect(await log.readAfter(second, 9)).toHaveLength(1)
    late = 99
    expect(await log.readAfter(second, 9)).toBe('lost')
  })
})

describe('an entry that is missing among others', () => {
  it('is noticed: whoever stands before it is lost, and nobody reads past it', async () => {
    const { log } = await openHere('hole', (driver) => ({
      messageOfLeader: async (name, sequence) => (sequence === 2 ? null : driver.messageOfLeader(name, sequence)),
    }))
    const [first, , third] = (await appendSome(log, 4)) as [LogPosition, LogPosition, LogPosition]
    expect(await log.readAfter(first, 9)).toBe('lost')
    await expect(log.readAfter(null, 9)).rejects.toMatchObject({ name: 'StoreError', code: 'malformed' })
    expect(await log.readAfter(third, 9)).toHaveLength(1)
  })
})

describe('what others have written there', () => {
  it.each<[string, string, { msgID?: string }]>([
    ['another text', '{}', { msgID: 'n' }],
    ['no text', '', { msgID: 'n' }],
    ['no id', text, {}],
    ['an odd id', text, { msgID: 'a b' }],
    ['a member more', JSON.stringify({ ...entry, only: 'sometimes' }), { msgID: 'n' }],
  ])('is not skipped where it is no entry: %s', async (problem, payload, options) => {
    const { log, client, stream: name } = await openHere(`odd-${problem.replaceAll(' ', '-')}`)
    const [position] = (await appendSome(log, 1)) as [LogPosition]
    await client.publish(name, payload, options)
    await appendSome(log, 1)
    // Whatever stands in front of it is read.
    expect(await log.readAfter(null, 9)).toMatchObject([{ position }])
    await expect(log.readAfter(position, 9)).rejects.toMatchObject({ name: 'StoreError', code: 'malformed' })
  })

  it('is read where it is one', async () => {
    const { log, client, stream: name } = await openHere('foreign')
    expect(await log.readAfter(null, 9)).toEqual([])
    await client.publish(name, text, { msgID: 'n' })
    expect(await log.readAfter(null, 9)).toEqual([{ position: '1/n', entry }])
  })
})

describe('on the wire', () => {
  it('an entry is one message, with its nonce as the id, and a look at nothing new is one question', async () => {
    const { log, connection, manager, stream: name } = await openHere('wire')
    await log.readAfter(null, 1)
    const sent = () => connection.stats().outMsgs
    const beforeAppend = sent()
    const position = await log.append(entry)
    expect(sent() - beforeAppend).toBe(1)
    const kept = await manager.streams.getMessage(name, { seq: 1 })
    expect(kept?.string()).toBe(text)
    expect([...(kept?.header ?? [])]).toEqual([['Nats-Msg-Id', [position.split('/')[1]]]])
    const beforeLook = sent()
    expect(await log.readAfter(position, 500)).toEqual([])
    expect(sent() - beforeLook).toBe(1)
  })
})

describe('the stream', () => {
  /** As the log sets it up. */
  const configuration: Partial<StreamConfiguration> = {
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    num_replicas: 1,
    max_age: 0,
    deny_delete: true,
    deny_purge: false,
    allow_direct: false,
  }

  it('is created in files, where there is none, and found by its URL', async () => {
    const log = await openSessionLog(`${server.url}?bucket=created`)
    onTestFinished(() => log?.close())
    await log?.append(entry)
    expect(log?.name).toBe('nats')
    const { manager } = await connectHere()
    const { config } = await manager.streams.info('created_sessions')
    expect(config).toMatchObject({ ...configuration, subjects: ['created_sessions'] })
  })

  it('is gone when the namespace of its URL is erased, and that of nobody else', async () => {
    const [trial, kept] = ['trial', null].map((name) => sourceOf(`${server.url}?bucket=erased`, name))
    for (const source of [trial, kept]) {
      const log = await source?.openLog?.()
      await log?.append(entry)
      await log?.close()
    }
    await trial?.erase()
    const { manager } = await connectHere()
    const names = (await manager.streams.names().next()).filter((name) => name.startsWith('erased'))
    expect(names).toEqual(['erased_sessions'])
  })

  it.each<[string, string, Partial<StreamConfiguration>]>([
    ['memory', 'use file storage', { storage: 'memory' }],
    ['discard', 'set discard to new', { discard: 'old' }],
    ['age', 'set no maximum age', { max_age: 9e15 }],
    ['subject', 'set no limit per subject', { max_msgs_per_subject: 5 }],
    ['subjects', 'give it subjects_sessions alone', { subjects: ['subjects_sessions', 'elsewhere'] }],
    ['deletable', 'set deny_delete', { deny_delete: false }],
    ['unpurgeable', 'do not set deny_purge', { deny_purge: true }],
    ['unacknowledged', 'set it up without no_ack', { no_ack: true }],
    ['workqueue', 'set its retention to limits', { retention: 'workqueue' }],
    ['bytes', 'limit the number of messages', { max_bytes: 1e6 }],
  ])('is refused for its %s: %s', async (bucket, remedy, changes) => {
    const { log, manager, stream: name } = await openHere(bucket)
    await manager.streams.add({ name, subjects: [name], ...configuration, ...changes } as never)
    await expect(log.append(entry)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(new RegExp(`^nats is of no use: bucket ${bucket} has a session log, .*${remedy}`)),
    })
  })

  it('takes no more when it is full, and drops nothing', async () => {
    const { log, manager, stream: name } = await openHere('full')
    await manager.streams.add({ name, subjects: [name], ...configuration, max_msgs: 2 } as never)
    const [first] = (await appendSome(log, 2)) as [LogPosition]
    await expect(log.append(entry)).rejects.toMatchObject({ name: 'StoreError', code: 'capacity' })
    expect(await log.readAfter(first, 9)).toHaveLength(1)
  })

  it.each<[NatsSessionLogOptions, string]>([
    [{ bucket: 'a.b' }, 'bucket'],
    [{ replicas: 2 as never }, 'replicas'],
    [{ deadlineMs: 0 }, 'deadlineMs'],
  ])('has options that can be: not %j', async (options, option) => {
    const { client } = await connectHere()
    expect(() => createNatsSessionLog(fromNats(client), options)).toThrow(expect.objectContaining({ option }))
  })
})

describe('two registries of sessions on one NATS', () => {
  it('end the sessions of each other', async () => {
    const here = createSessions({ log: (await openHere('registries')).log })
    const there = createSessions({ log: (await openHere('registries')).log })
    onTestFinished(() => here.close())
    onTestFinished(() => there.close())
    const closings: Closing[] = []
    const session: Session = {
      id: newId(),
      subject: alice,
      audience: 'chat',
      claims: {},
      clientAddress: null,
      origin: null,
      issuedAt: systemClock(),
      admittedAt: systemClock(),
      expiresAt: null,
    }
    there.attach(session, { close: (closing) => void closings.push(closing), destroy() {} })
    await here.revoke({ kind: 'subject', subject: alice })
    await expect.poll(() => closings).toMatchObject([{ closeCode: 4401 }])
  })
})
