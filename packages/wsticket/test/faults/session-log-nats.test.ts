/**
 * The session log in NATS while its servers die, take over from one another, and replies get lost.
 */
import { describe, expect, it, onTestFinished } from 'vitest'
import { startFaultProxy } from 'wsticket-engines/fault-proxy'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { type NatsNode, startNatsCluster } from 'wsticket-engines/nats-cluster'
import { until } from 'wsticket-engines/until'
import type { EpochMs } from '../../src/clock.ts'
import type { Subject } from '../../src/credential.ts'
import { fromNats } from '../../src/drivers/nats.ts'
import { StoreError } from '../../src/errors.ts'
import type { LogPosition, SessionEntry, SessionLog } from '../../src/session-log.ts'
import { createNatsSessionLog, type NatsSessionLogOptions } from '../../src/session-logs/nats.ts'
import { clientOf, deadlineMs, type NatsClient } from './nats-harness.ts'

const stream = 'wsticket_sessions'
const lateMs = 300

function entryOf(name: string): SessionEntry {
  const subject = `https://issuer.example#${name}` as Subject
  return { kind: 'revocation', selector: { kind: 'subject', subject }, at: 1_800_000_000_000 as EpochMs }
}

async function start(): Promise<NatsServer> {
  const server = await startNats()
  onTestFinished(() => server.dispose())
  return server
}

/** A log over a connection of its own. */
async function logAt(servers: readonly { readonly url: string }[], options: NatsSessionLogOptions = {}) {
  return logOver(await clientOf(...servers), options)
}

async function logOver({ client }: NatsClient, options: NatsSessionLogOptions = {}) {
  const log = createNatsSessionLog(fromNats(client), { deadlineMs, ...options })
  onTestFinished(() => log.close())
  await until('the log is there', () => log.readAfter(null, 1))
  return log
}

/** The names that are written behind a position. */
async function namesAfter(log: SessionLog, position: LogPosition | null): Promise<readonly string[]> {
  const entries = await until('the log answers', () => log.readAfter(position, 10_000))
  if (entries === 'lost') throw new Error('the log is lost')
  return entries.map(({ entry }) =>
    entry.kind === 'revocation' && entry.selector.kind === 'subject'
      ? (entry.selector.subject.split('#')[1] ?? '')
      : '',
  )
}

/** Writes until it is told to stop, and says what was acknowledged, in the order of that. */
function startWriting(log: SessionLog, prefix: string) {
  const acknowledged: string[] = []
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver; n += 1) {
      const name = `${prefix}${n}`
      try {
        await log.append(entryOf(name))
        acknowledged.push(name)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  })()
  return {
    acknowledged,
    async stop() {
      isOver = true
      await writing
    },
  }
}

/** Follows the log as a node does, until it is told to stop, and says what it has read; and how often it was told that it is lost. */
function startReading(log: SessionLog) {
  const names: string[] = []
  let losses = 0
  let position: LogPosition | null = null
  let isOver = false
  async function look(): Promise<number> {
    const entries = await log.readAfter(position, 50)
    if (entries === 'lost') {
      losses += 1
      position = null
      return 1
    }
    for (const { position: next, entry } of entries) {
      if (entry.kind === 'revocation' && entry.selector.kind === 'subject')
        names.push(entry.selector.subject.split('#')[1] ?? '')
      position = next
    }
    return entries.length
  }
  const reading = (async () => {
    while (!isOver) {
      await look().catch((error: unknown) => {
        if (!(error instanceof StoreError && error.code === 'unavailable')) throw error
      })
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  return {
    names,
    losses: () => losses,
    async stop() {
      isOver = true
      await reading
      await until('all is read', async () => (await look()) === 0)
    },
  }
}

describe('one server', () => {
  it('killed (kill -9) under load keeps every entry that it has acknowledged, and positions go on', async () => {
    const server = await start()
    const [log, follower] = [await logAt([server]), await logAt([server])]
    const position = await log.append(entryOf('first'))
    const reader = startReading(follower)
    const writers = [startWriting(log, 'a'), startWriting(await logAt([server]), 'b')]
    const countOf = () => writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
    await until('entries are written', () => countOf() >= 100)
    await server.stop('SIGKILL')
    const before = countOf()
    await server.restart()
    await until('entries are written again', () => countOf() >= before + 50, 30_000)
    for (const writer of writers) await writer.stop()
    await reader.stop()
    const kept = await namesAfter(log, position)
    expect(kept).toEqual(expect.arrayContaining(writers.flatMap(({ acknowledged }) => acknowledged)))
    expect(reader.losses()).toBe(0)
    expect(reader.names).toEqual(['first', ...kept])
    expect(new Set(kept).size).toBe(kept.length)
  })

  it('killed (kill -9) when all that it has is old news goes on counting where it was', async () => {
    const server = await start()
    const log = await logAt([server])
    const position = await log.append(entryOf('first'))
    await server.stop('SIGKILL')
    await server.restart()
    expect(await namesAfter(log, position)).toEqual([])
    const next = await until('an entry is written', () => log.append(entryOf('second')))
    expect(Number.parseInt(next, 10)).toBe(Number.parseInt(position, 10) + 1)
    expect(await namesAfter(log, position)).toEqual(['second'])
  })
})

describe('a reply', () => {
  /** A log by way of a proxy, and one straight to the server. */
  async function proxied() {
    const server = await start()
    const proxy = await startFaultProxy({ to: server.port, protocol: 'nats' })
    onTestFinished(() => proxy.stop())
    const client = await clientOf({ url: `nats://127.0.0.1:${proxy.port}` })
    return { proxy, client, log: await logOver(client), direct: await logAt([server]) }
  }

  it('to an append that is lost rejects it, and it is not written twice', async () => {
    const { proxy, log, direct } = await proxied()
    const position = await log.append(entryOf('before'))
    const lost = proxy.loseReply('lost-reply')
    await expect(log.append(entryOf('lost-reply'))).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' })
    await lost
    await until('it appends again', () => log.append(entryOf('after')))
    expect(proxy.requestsWith('#lost-reply')).toBe(1)
    expect(await namesAfter(direct, position)).toEqual(['lost-reply', 'after'])
  })

  it('to an append that never got there rejects it, and it is not sent later', async () => {
    const { proxy, log, direct } = await proxied()
    const position = await log.append(entryOf('before'))
    proxy.hold('requests')
    const appended = log.append(entryOf('held'))
    setTimeout(proxy.cut, deadlineMs / 4)
    await expect(appended).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' })
    proxy.pass()
    await until('it appends again', () => log.append(entryOf('after')))
    expect(proxy.requestsWith('#held')).toBe(0)
    expect(await namesAfter(direct, position)).toEqual(['after'])
  })

  it('to an append is not waited for while there is no connection, and it is not sent when there is one again', async () => {
    const { proxy, client, log, direct } = await proxied()
    const position = await log.append(entryOf('before'))
    proxy.refuse()
    proxy.cut()
    // It forgets the server when it dials again, and dials once in a quarter of a second or more.
    await until('the client knows', () => client.connection.info === undefined)
    await expect(log.append(entryOf('offline'))).rejects.toMatchObject({
      code: 'unavailable',
      message: 'nats: there is no connection now',
    })
    await proxy.accept()
    await until('it appends again', () => log.append(entryOf('after')))
    expect(proxy.requestsWith('#offline')).toBe(0)
    expect(await namesAfter(direct, position)).toEqual(['after'])
  })

  it('to a read that is late is for nobody, and what was to be read is read later', async () => {
    const { proxy, log, direct } = await proxied()
    const position = await direct.append(entryOf('before'))
    await direct.append(entryOf('after'))
    const arrived = proxy.delayReply(`STREAM.MSG.GET.${stream}`, deadlineMs + lateMs)
    await expect(log.readAfter(position, 9)).rejects.toMatchObject({ code: 'unavailable' })
    await arrived
    expect(await namesAfter(log, position)).toEqual(['after'])
  })
})

it('what no NATS listens to is not published when nobody waits any more', async () => {
  const server = await start()
  const proxy = await startFaultProxy({ to: server.port, protocol: 'nats' })
  onTestFinished(() => proxy.stop())
  const { client } = await clientOf({ url: `nats://127.0.0.1:${proxy.port}` })
  const { manager } = await clientOf(server)
  // Of the pauses between attempts, 20, 50, 100 and 200 ms, the first two fit. The line stays, so that what is sent on it late comes there.
  const log = createNatsSessionLog({ ...fromNats(client), reconnect() {} }, { deadlineMs: 150 })
  await until('the log is there', () => log.readAfter(null, 1))
  await manager.streams.delete(stream)
  await expect(log.append(entryOf('unheard'))).rejects.toMatchObject({ code: 'unavailable' })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const attempts = proxy.requestsWith('#unheard')
  expect(attempts).toBeGreaterThanOrEqual(1)
  expect(attempts).toBeLessThanOrEqual(3)
})

describe('three servers with three replicas', { timeout: 120_000 }, () => {
  async function startThree(options?: { readonly links: boolean }) {
    const cluster = await startNatsCluster(options)
    onTestFinished(() => cluster.dispose())
    const logs = await Promise.all(cluster.nodes.map(() => logAt(cluster.nodes, { replicas: 3 })))
    await cluster.settled(stream)
    return { cluster, logs: logs as [SessionLog, SessionLog, SessionLog] }
  }

  it('that hand over again and again: nothing is left out, and nobody is told falsely that the log is lost', async () => {
    const { cluster, logs } = await startThree()
    const { connection } = await clientOf(...cluster.nodes)
    const reader = startReading(logs[0])
    const writers = [startWriting(logs[1], 'a'), startWriting(logs[2], 'b')]
    for (let handover = 0; handover < 4; handover += 1) {
      const before = writers[0]?.acknowledged.length ?? 0
      await until('entries are written', () => (writers[0]?.acknowledged.length ?? 0) > before + 10, 30_000)
      await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, '', { timeout: 5000 }).catch(() => {})
      await cluster.settled(stream)
    }
    for (const writer of writers) await writer.stop()
    await reader.stop()
    expect(reader.losses()).toBe(0)
    expect(reader.names).toEqual(expect.arrayContaining(writers.flatMap(({ acknowledged }) => acknowledged)))
    expect(new Set(reader.names).size).toBe(reader.names.length)
  })

  it('of which the leader is killed (kill -9): what was acknowledged is there, and who read it goes on', async () => {
    const { cluster, logs } = await startThree()
    const reader = startReading(logs[0])
    const writer = startWriting(logs[1], 'a')
    await until('entries are written', () => writer.acknowledged.length >= 50, 30_000)
    const leader = await cluster.leaderOf(stream)
    await leader.stop('SIGKILL')
    const before = writer.acknowledged.length
    await until('entries are written again', () => writer.acknowledged.length > before + 20, 60_000)
    await leader.restart()
    await cluster.settled(stream)
    await writer.stop()
    await reader.stop()
    expect(reader.losses()).toBe(0)
    expect(reader.names).toEqual(expect.arrayContaining(writer.acknowledged))
  })

  it.each(['follower', 'leader'] as const)(
    'of which a %s is cut off: a node there reads what it missed when it is back',
    async (which) => {
      const { cluster } = await startThree({ links: true })
      const leader = await cluster.leaderOf(stream)
      const lonely = which === 'leader' ? leader : (cluster.nodes.find((node) => node !== leader) as NatsNode)
      const [inside, outside] = [
        await logAt([lonely], { replicas: 3 }),
        await logAt(
          cluster.nodes.filter((node) => node !== lonely),
          { replicas: 3 },
        ),
      ]
      const position = await outside.append(entryOf('before'))
      expect(await namesAfter(inside, position)).toEqual([])
      cluster.isolate(lonely)
      const missed = await until('an entry is written', () => outside.append(entryOf('missed')), 60_000)
      // Who leads and is cut off does not know it for some seconds; who follows has nobody to ask.
      const meanwhile = await inside.readAfter(position, 9).catch(({ code }) => code)
      expect(which === 'leader' ? [[], 'unavailable'] : ['unavailable']).toContainEqual(meanwhile)
      cluster.join()
      // Not that the replicas agree: on 2.9.10 one that led may keep a message that nobody else has, for good. It is not asked then.
      await until('it is read', async () => (await namesAfter(inside, position)).includes('missed'), 60_000)
      expect(await until('the others answer', () => outside.readAfter(missed, 9))).not.toBe('lost')
    },
  )
})
