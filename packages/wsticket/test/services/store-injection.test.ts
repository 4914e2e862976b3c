import { expect, it } from 'vitest'
import { playInjections } from 'wsticket-corpus/injection-play'
import { startPostgres, unsynced } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import { clients } from './postgres-harness.ts'
import { connections } from './redis-harness.ts'

it.each(['ioredis', 'nodeRedis'] as const)(
  'Redis, over %s, does nothing for an id that means something to an engine, and keeps such texts whole',
  async (client) => {
    const server = await startRedis()
    const connection = await connections[client](server)
    try {
      expect(await playInjections(createRedisStore(connection.driver))).toEqual([])
    } finally {
      await connection.close()
      await server.dispose()
    }
  },
)

it.each(clients)(
  'PostgreSQL, over %s, does nothing for an id that means something to an engine, and keeps such texts whole',
  async (_, connect) => {
    const server = await startPostgres(unsynced)
    const connected = connect(server.url)
    try {
      expect(await playInjections(createPostgresStore(connected.driver))).toEqual([])
    } finally {
      await connected.end()
      await server.dispose()
    }
  },
)
