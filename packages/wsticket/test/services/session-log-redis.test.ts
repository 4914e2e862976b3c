import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { type RedisCluster, startRedisCluster } from 'wsticket-engines/redis-cluster'
import type { Subject } from '../../src/credential.ts'
import { entryAgeMs, type LogPosition, type SessionEntry } from '../../src/session-log.ts'
import { createRedisSessionLog } from '../../src/session-logs/redis.ts'
import { at } from '../core/fixtures.ts'
import { harnessOf, itConformsAsLog } from '../session-logs/log-suite.ts'
import { connections, type RedisConnection } from './redis-harness.ts'

async function open(connecting: Promise<RedisConnection>) {
  const { driver, close } = await connecting
  return { log: createRedisSessionLog(driver), end: close }
}

const entry: SessionEntry = {
  kind: 'revocation',
  selector: { kind: 'subject', subject: 'https://issuer.example#a' as Subject },
  at: at(1),
}

describe.each(['ioredis', 'nodeRedis'] as const)('the log in Redis over %s', (client) => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server?.dispose())
  itConformsAsLog(() =>
    harnessOf(
      () => open(connections[client](server)),
      () => server.command('FLUSHALL'),
    ),
  )
})

describe('the log in a Redis cluster, over ioredis', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
  })
  afterAll(() => cluster?.dispose())
  itConformsAsLog(() =>
    harnessOf(
      () => open(connections.ioredisCluster(cluster)),
      async () => Promise.all((await cluster.primaries()).map((primary) => primary.command('FLUSHALL'))),
    ),
  )
})

describe('the log in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server?.dispose())

  it('drops what has an old entry behind it, 64 at a time, and no more', async () => {
    await server.command('FLUSHALL')
    const old = Date.now() - entryAgeMs - 60_000
    for (let n = 0; n < 70; n += 1)
      await server.command(
        'XADD',
        'wsticket:sessions',
        `${old + n}-0`,
        'nonce',
        `n${n}`,
        'entry',
        JSON.stringify(entry),
      )
    const { log, end } = await open(connections.ioredis(server))
    const sizes: number[] = []
    for (let n = 0; n < 3; n += 1) {
      await log.append(entry)
      sizes.push(((await log.readAfter(null, 1000)) as readonly unknown[]).length)
    }
    // The last of the old ones stays: what stands behind it is new.
    expect(sizes).toEqual([7, 3, 4])
    expect(await log.readAfter(`${old + 68}-0/n68` as LogPosition, 9)).toBe('lost')
    expect(await log.readAfter(`${old + 69}-0/n69` as LogPosition, 9)).toHaveLength(3)
    await log.close()
    await end()
  })

  it('is lost where another entry stands at the position, and for a position of nothing', async () => {
    await server.command('FLUSHALL')
    const { log, end } = await open(connections.ioredis(server))
    const position = await log.append(entry)
    const [id] = position.split('/')
    await server.command('FLUSHALL')
    await server.command('XADD', 'wsticket:sessions', String(id), 'nonce', 'another', 'entry', JSON.stringify(entry))
    expect(await log.readAfter(position, 9)).toBe('lost')
    expect(await log.readAfter('1' as LogPosition, 9)).toBe('lost')
    await log.close()
    await end()
  })

  it.each([
    ['another text', ['nonce', 'n', 'entry', '{}']],
    ['one field more', ['nonce', 'n', 'entry', JSON.stringify(entry), 'more', '1']],
    ['an odd nonce', ['nonce', 'a b', 'entry', JSON.stringify(entry)]],
    ['a member more', ['nonce', 'n', 'entry', JSON.stringify({ ...entry, only: 'sometimes' })]],
  ])('skips no entry that is none: %s', async (_, fields) => {
    await server.command('FLUSHALL')
    await server.command('XADD', 'wsticket:sessions', '*', ...fields)
    const { log, end } = await open(connections.ioredis(server))
    await expect(log.readAfter(null, 9)).rejects.toMatchObject({ name: 'StoreError', code: 'malformed' })
    await log.close()
    await end()
  })
})
