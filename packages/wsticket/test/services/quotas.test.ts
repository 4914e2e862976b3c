import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type PostgresServer, startPostgres, unsynced } from 'wsticket-engines/postgres'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { createAdmission } from '../../src/admission.ts'
import { createIssuer, type Issuer } from '../../src/issuer.ts'
import { createPostgresStore } from '../../src/stores/postgres.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { at, pageOrigin } from '../core/fixtures.ts'
import { offering } from '../core/verifier.ts'
import { anybody, describeQuota, type QuotaHarness } from '../quotas/quota-suite.ts'
import { clients } from './postgres-harness.ts'
import { connections } from './redis-harness.ts'

function handlesOf(stores: readonly TicketStore[]): QuotaHarness {
  const [first, second] = stores.map(({ quota }) => quota)
  if (first === undefined || second === undefined) throw new TypeError('the store has no quota')
  return { handles: [first, second] }
}

describe.each(['ioredis', 'nodeRedis'] as const)('in Redis, over %s', (client) => {
  let server: RedisServer
  const open: { close(): unknown }[] = []
  const stores: TicketStore[] = []
  beforeAll(async () => {
    server = await startRedis()
    for (let handle = 0; handle < 2; handle++) {
      const connection = await connections[client](server)
      open.push(connection)
      stores.push(createRedisStore(connection.driver))
    }
  })
  afterAll(async () => {
    for (const store of stores) await store.close()
    for (const connection of open) await connection.close()
    await server?.dispose()
  })
  describeQuota(() => handlesOf(stores))
})

describe.each(clients)('in PostgreSQL, over %s', (_, connect) => {
  let server: PostgresServer
  const open: { end(): unknown }[] = []
  const stores: TicketStore[] = []
  beforeAll(async () => {
    server = await startPostgres(unsynced)
    for (let handle = 0; handle < 2; handle++) {
      const connected = connect(server.url)
      open.push(connected)
      stores.push(createPostgresStore(connected.driver))
    }
  })
  afterAll(async () => {
    for (const store of stores) await store.close()
    for (const connected of open) await connected.end()
    await server?.dispose()
  })
  describeQuota(() => handlesOf(stores))
})

it('says that Redis has no memory left for it, and gives back all the same', async () => {
  const server = await startRedis()
  const connection = await connections.ioredis(server)
  onTestFinished(async () => {
    await connection.close()
    await server.dispose()
  })
  const { quota } = createRedisStore(connection.driver)
  const ticket = (id: string) => ({ id: id as TicketId, subject: anybody(), expiresAt: at(Date.now() + 30_000) })
  const counted = ticket('counted')
  expect(await quota?.claim(counted, 1, at(Date.now()))).toBe(0)
  await server.command('CONFIG', 'SET', 'maxmemory', '1')
  await expect(quota?.claim(ticket('new'), 1, at(Date.now()))).rejects.toMatchObject({ code: 'capacity' })
  await quota?.giveBack(counted)
  await server.command('CONFIG', 'SET', 'maxmemory', '0')
  expect(await quota?.claim({ ...counted, id: 'other' as TicketId }, 1, at(Date.now()))).toBe(0)
})

it('is one count for issuers and verifiers of several machines', async () => {
  const server = await startRedis()
  const open = await Promise.all([
    connections.ioredis(server),
    connections.ioredis(server),
    connections.nodeRedis(server),
  ])
  onTestFinished(async () => {
    for (const connection of open) await connection.close()
    await server.dispose()
  })
  const stores = open.map(({ driver }) => createRedisStore(driver)) as [TicketStore, TicketStore, TicketStore]
  const [one, other] = [stores[0], stores[1]].map((store) => createIssuer({ store, audiences: ['chat'] })) as [
    Issuer,
    Issuer,
  ]
  const admission = createAdmission({ store: stores[2], audience: 'chat', origins: [pageOrigin], addressPolicy: 'off' })
  const identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }
  const issue = (issuer: Issuer) => issuer.issue(identity, { audience: 'chat' }, { clientAddress: null, origin: null })
  const issued = await Promise.all(Array.from({ length: 40 }, (_, n) => issue(n % 2 === 0 ? one : other)))
  const tickets = issued.flatMap((each) => (typeof each === 'object' && 'ticket' in each ? [each.ticket] : []))
  expect(tickets).toHaveLength(5)
  expect(issued.filter((each) => typeof each === 'object' && 'code' in each)).toHaveLength(35)
  const decision = await admission.admit(offering(tickets[0] as string))
  expect(decision.kind).toBe('admitted')
  await until('there is room again', async () => {
    const again = await issue(other)
    return typeof again === 'object' && 'ticket' in again
  })
  expect(await issue(one)).toMatchObject({ code: 'too_many_tickets' })
})
