/**
 * The stores whose engine is at the other end of a line: how each is started, and reached by way of a fault proxy.
 * @module
 */
import type { EventEmitter } from 'node:events'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import pg from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { startNats } from 'wsticket-engines/nats'
import { startPostgres } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { fromIoredis, ioredisOptions } from '../../src/drivers/ioredis.ts'
import { fromNats, natsOptions } from '../../src/drivers/nats.ts'
import { fromNodeRedis, nodeRedisOptions } from '../../src/drivers/node-redis.ts'
import { fromPg, pgOptions } from '../../src/drivers/pg.ts'
import { fromPostgresJs, postgresJsOptions } from '../../src/drivers/postgres-js.ts'
import { createNatsStore } from '../../src/stores/nats.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

/** An engine that can be taken away, and brought back on the same port. */
export interface EngineServer {
  readonly port: number
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  readonly freeze: () => void
  readonly thaw: () => void
  readonly dispose: () => Promise<void>
}

/** A store over a client of its own. */
export interface Connection {
  readonly store: TicketStore
  /** How many listeners hang on what the client emits: they must not become more with every failure. */
  readonly listeners: () => number
  readonly close: () => Promise<unknown>
}

/** A store, its engine and its client. */
export interface NetworkedStore {
  readonly name: string
  readonly protocol: 'redis' | 'postgres' | 'nats'
  readonly startServer: () => Promise<EngineServer>
  /** Connects by way of a port, where nobody need listen yet. The store waits for an answer so long, by default `deadlineMs`. */
  readonly connect: (port: number, waitMs?: number) => Connection
  /** Text that stands in the request that spends a ticket, once in each, and in no other that a redemption sends. */
  readonly spendingText: (id: TicketId) => string
}

/** How long a store waits for an answer here, in milliseconds: less than by default, for there is much to wait for. */
export const deadlineMs = 1000

/** The same where nothing is timed: a machine that stands still for two seconds decides nothing. */
export const patientMs = 10_000

const redis = {
  protocol: 'redis',
  async startServer() {
    const server = await startRedis()
    return { ...server, start: () => server.restart() }
  },
  spendingText: (id: TicketId) => id,
} as const

const postgresql = {
  protocol: 'postgres',
  startServer: () => startPostgres(),
  spendingText: (id: TicketId) => id,
} as const

/** Over every client that there is a driver for. */
export const networkedStores: readonly NetworkedStore[] = [
  {
    ...redis,
    name: 'redis over ioredis',
    connect(port, waitMs = deadlineMs) {
      const client = new Redis(port, '127.0.0.1', ioredisOptions)
      const store = createRedisStore(fromIoredis(client), { deadlineMs: waitMs })
      return { store, listeners: () => listenersOf(client), close: async () => client.disconnect() }
    },
  },
  {
    ...redis,
    name: 'redis over node-redis',
    connect(port, waitMs = deadlineMs) {
      const client = createClient({ url: `redis://127.0.0.1:${port}`, ...nodeRedisOptions })
      const store = createRedisStore(fromNodeRedis(client), { deadlineMs: waitMs })
      client.connect().catch(() => {})
      return { store, listeners: () => listenersOf(client), close: async () => client.destroy() }
    },
  },
  {
    ...postgresql,
    name: 'postgres over pg',
    connect(port, waitMs = deadlineMs) {
      const pool = new pg.Pool({ connectionString: postgresUrl(port), ...pgOptions })
      const store = createPostgresStore(fromPg(pool), { deadlineMs: waitMs })
      return { store, listeners: () => listenersOf(pool), close: () => pool.end() }
    },
  },
  {
    ...postgresql,
    name: 'postgres over postgres.js',
    connect(port, waitMs = deadlineMs) {
      const store = createPostgresStore(
        fromPostgresJs(() => postgres(postgresUrl(port), postgresJsOptions)),
        { deadlineMs: waitMs },
      )
      return { store, listeners: () => 0, close: () => store.close() }
    },
  },
  {
    name: 'nats',
    protocol: 'nats',
    async startServer() {
      const server = await startNats()
      return { ...server, start: () => server.restart() }
    },
    spendingText: (id) => `HPUB $KV.wsticket.${id}.end `,
    connect(port, waitMs = deadlineMs) {
      const connecting = connect({ port, ...natsOptions, waitOnFirstConnect: true })
      const store = createNatsStore(fromNats(connecting.then((connection) => jetstream(connection))), {
        deadlineMs: waitMs,
      })
      const close = async () => (await connecting).close()
      return { store, listeners: () => 0, close }
    },
  },
]

function postgresUrl(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)
}
