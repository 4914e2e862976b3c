/**
 * Redis, through ioredis.
 * @module
 */
import { Redis } from 'ioredis'
import { fromIoredis, ioredisOptions } from 'wsticket/drivers/ioredis'
import { createRedisStore } from 'wsticket/stores/redis'
import { startRedis } from 'wsticket-engines/redis'
import { createNaiveRedisStore } from '../naive-redis.mjs'
import { clientNamed } from '../subject.mjs'

/** @import { Subject } from '../subject.mjs' */

/** @type {Subject} */
export const subject = {
  client: clientNamed('ioredis'),
  shortRacers: 8,
  async start() {
    const { url: address, dispose } = await startRedis()
    return { address, stop: dispose }
  },
  async open(address) {
    const client = new Redis(address, ioredisOptions)
    const driver = fromIoredis(client)
    await driver.ready()
    return { store: createRedisStore(driver), close: async () => client.disconnect() }
  },
  async openNaive(address) {
    const client = new Redis(address)
    return { store: createNaiveRedisStore(client), close: async () => client.disconnect() }
  },
}
