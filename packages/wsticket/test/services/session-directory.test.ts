/** The session directory on the engines that are processes of their own, over their clients. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { type NatsCluster, startNatsCluster } from 'wsticket-engines/nats-cluster'
import { type PostgresServer, startPostgres, unsynced } from 'wsticket-engines/postgres'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { type RedisCluster, startRedisCluster } from 'wsticket-engines/redis-cluster'
import { until } from 'wsticket-engines/until'
import type { EpochMs } from '../../src/clock.ts'
import type { Subject } from '../../src/credential.ts'
import { fromNats } from '../../src/drivers/nats.ts'
import { createNatsSessionDirectory } from '../../src/session-directories/nats.ts'
import { createPostgresSessionDirectory, postgresDirectorySchema } from '../../src/session-directories/postgres.ts'
import { createRedisSessionDirectory } from '../../src/session-directories/redis.ts'
import type { DirectoryEntry } from '../../src/session-directory.ts'
import { newId } from '../../src/testing/store-harness.ts'
import {
  directoryHarnessOf,
  itConformsAsDirectory,
  type OpenedDirectory,
} from '../session-directories/directory-suite.ts'
import { connectNats } from './nats-harness.ts'
import { type Connect, clients, connectPg } from './postgres-harness.ts'
import { connections, type RedisConnection } from './redis-harness.ts'

describe('the directory in Redis', () => {
  let server: RedisServer
  let cluster: RedisCluster
  beforeAll(async () => {
    server = await startRedis()
    cluster = await startRedisCluster()
  })
  afterAll(async () => {
    await cluster?.dispose()
    await server?.dispose()
  })

  async function open(connecting: Promise<RedisConnection>): Promise<OpenedDirectory> {
    const { driver, close } = await connecting
    return { directory: createRedisSessionDirectory(driver), end: close }
  }

  describe.each(['ioredis', 'nodeRedis'] as const)('over %s', (client) => {
    itConformsAsDirectory(() =>
      directoryHarnessOf(
        () => open(connections[client](server)),
        () => server.command('FLUSHALL'),
      ),
    )
  })

  it('keeps nothing of a node that goes on under another name, and sweeps the next one that dies', async () => {
    await server.command('FLUSHALL')
    const { directory, end } = await open(connections.ioredis(server))
    const now = Date.now() as EpochMs
    const entries = [1, 2, 3].map(() => ({
      id: newId(),
      node: 'old',
      subject: 'https://issuer.example#a' as Subject,
      audience: 'chat',
      clientAddress: null,
      since: now,
      until: null,
    }))
    const say = (node: string, aliveMs: number, present: readonly DirectoryEntry[] = []) =>
      directory.tell(
        { node, before: null, aliveUntil: (now + aliveMs) as EpochMs, count: present.length, present, gone: [] },
        now,
      )
    await say('dies', 20_000, [{ ...(entries[0] as DirectoryEntry), id: newId(), node: 'dies' }])
    await say('old', 30_000, entries)
    await say('old', 0)
    await say(
      'new',
      30_000,
      entries.map((entry) => ({ ...entry, node: 'new' })),
    )
    await say('dies', 0)
    await say('new', 30_001)
    const sizes = ['entries', 'nodes', 'order', 'counts'].map((name) => [
      name === 'entries' || name === 'counts' ? 'HLEN' : 'ZCARD',
      `wsticket:{directory}:${name}`,
    ])
    expect(await Promise.all(sizes.map(([command, key]) => server.command(String(command), String(key))))).toEqual([
      '3',
      '1',
      '9',
      '1',
    ])
    await directory.close()
    await end()
  })

  describe('in a cluster', () => {
    itConformsAsDirectory(() =>
      directoryHarnessOf(
        () => open(connections.ioredisCluster(cluster)),
        async () => Promise.all((await cluster.primaries()).map((primary) => primary.command('FLUSHALL'))),
      ),
    )
  })
})

describe('the directory in PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(unsynced)
  })
  afterAll(() => server?.dispose())

  async function open(connect: Connect): Promise<OpenedDirectory> {
    const { driver, end } = connect(server.url)
    return { directory: createPostgresSessionDirectory(driver), end }
  }

  describe.each(clients)('over %s', (_, connect) => {
    itConformsAsDirectory(() =>
      directoryHarnessOf(
        () => open(connect),
        () => server.query('TRUNCATE wsticket_tickets_on'),
        () => server.query('DROP TABLE IF EXISTS wsticket_tickets_on'),
      ),
    )
  })

  it('keeps no log of who is on: the table is made UNLOGGED, and by its owner where the role may not', async () => {
    await server.query('DROP TABLE IF EXISTS wsticket_tickets_on')
    expect(postgresDirectorySchema()).toContain('CREATE UNLOGGED TABLE')
    await server.query(postgresDirectorySchema('others'))
    const { driver, end } = connectPg(server.url)
    const directory = createPostgresSessionDirectory(driver, { table: 'others' })
    expect(await directory.count(Date.now() as never)).toBe(0)
    await directory.close()
    await end()
  })
})

describe('the directory in NATS', () => {
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

  async function open(servers: string | readonly string[], replicas: 1 | 3): Promise<OpenedDirectory> {
    const { client, connection } = await connectNats(servers)
    const directory = createNatsSessionDirectory(fromNats(client), { replicas })
    // Three that have just met may take longer to create a stream than a question may.
    await until('the directory is there', () => directory.count(0 as never))
    return { directory, end: () => connection.close() }
  }

  /** Empties the directory, where there is one. */
  async function purge(servers: string | readonly string[]): Promise<void> {
    const { manager, connection } = await connectNats(servers)
    await manager.streams.purge('wsticket_directory').catch(() => {})
    await connection.close()
  }

  describe('on one server', () => {
    itConformsAsDirectory(() =>
      directoryHarnessOf(
        () => open(server.url, 1),
        () => purge(server.url),
      ),
    )
  })

  describe('with three replicas', () => {
    itConformsAsDirectory(() =>
      directoryHarnessOf(
        () => open(cluster.urls, 3),
        () => purge(cluster.urls),
      ),
    )
  })
})
