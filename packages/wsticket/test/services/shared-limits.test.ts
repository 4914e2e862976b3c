/** One limit, shared by two issuers over a real engine, by way of rate-limiter-flexible. */
import { Redis } from 'ioredis'
import pg from 'pg'
import { RateLimiterPostgres, RateLimiterRedis } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startPostgres, unsynced } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { fromRateLimiter, type RateLimiterLike } from '../../src/limiters/rate-limiter-flexible.ts'
import { asking, peer, setUpEndpoint } from '../core/ticket-requests.ts'

const points = 20
const bounds = { points, duration: 600, keyPrefix: 'issue' }

/** How a limiter is opened, and how the engine goes away. */
interface Engine {
  open(): Promise<RateLimiterLike>
  stop(): Promise<unknown>
}

const engines: readonly (readonly [string, () => Promise<Engine>])[] = [
  [
    'Redis over ioredis',
    async () => {
      const server = await startRedis()
      onTestFinished(() => server.dispose())
      const open = async () => {
        const client = new Redis(server.url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 })
        client.on('error', () => {})
        onTestFinished(() => client.disconnect())
        await new Promise((resolve) => client.once('ready', resolve))
        return new RateLimiterRedis({ storeClient: client, ...bounds })
      }
      return { open, stop: () => server.stop() }
    },
  ],
  [
    'Redis over node-redis',
    async () => {
      const server = await startRedis()
      onTestFinished(() => server.dispose())
      const open = async () => {
        const client = createClient({ url: server.url, disableOfflineQueue: true })
        client.on('error', () => {})
        onTestFinished(() => client.destroy())
        await client.connect()
        return new RateLimiterRedis({ storeClient: client, useRedisPackage: true, ...bounds })
      }
      return { open, stop: () => server.stop() }
    },
  ],
  [
    'PostgreSQL over pg',
    async () => {
      const server = await startPostgres(unsynced)
      onTestFinished(() => server.dispose())
      const open = async () => {
        const pool = new pg.Pool({ connectionString: server.url })
        pool.on('error', () => {})
        pool.on('connect', (client) => client.on('error', () => {}))
        onTestFinished(() => pool.end())
        const options = {
          storeClient: pool,
          storeType: 'pool',
          tableName: 'limits',
          clearExpiredByTimeout: false,
          ...bounds,
        }
        return new Promise<RateLimiterLike>((resolve, reject) => {
          const limiter = new RateLimiterPostgres(options, (error?: Error) =>
            error ? reject(error) : resolve(limiter),
          )
        })
      }
      return { open, stop: () => server.stop() }
    },
  ],
]

describe.each(engines)('a limit in %s', (_, start) => {
  it('holds for two issuers together, and refuses while the engine is away, or allows where it was told to', async () => {
    const engine = await start()
    const endpointWith = async (whenUnavailable: 'refuse' | 'allow') => {
      const perSubject = fromRateLimiter(await engine.open(), { whenUnavailable, deadlineMs: 10_000 })
      return setUpEndpoint({ limits: { perSubject }, issuing: { ticketsPerSubject: 'unlimited' } }).endpoint
    }
    const [first, second] = [await endpointWith('refuse'), await endpointWith('allow')]
    const asked = Array.from({ length: 3 * points }, (_, n) => (n % 2 === 0 ? first : second).answer(asking(), peer))
    const answers = await Promise.all(asked)
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(points)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(2 * points)
    for (const { headers } of refused) expect(Number(headers['Retry-After'])).toBeGreaterThan(60)
    await engine.stop()
    expect((await first.answer(asking(), peer)).status).toBe(503)
    expect((await second.answer(asking(), peer)).status).toBe(201)
  })
})
