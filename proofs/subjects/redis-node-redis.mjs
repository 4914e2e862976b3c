/**
 * Redis, through node-redis.
 * @module
 */
import { createClient } from 'redis'
import { fromNodeRedis, nodeRedisOptions } from 'wsticket/drivers/node-redis'
import { createRedisStore } from 'wsticket/stores/redis'
import { startRedis } from 'wsticket-engines/redis'
import { createNaiveRedisStore } from '../naive-redis.mjs'
import { clientNamed } from '../subject.mjs'

/** @import { Subject } from '../subject.mjs' */

/** @type {Subject} */
export const subject = {
  client: clientNamed('redis'),
  shortRacers: 8,
  async start() {
    const { url: address, dispose } = await startRedis()
    return { address, stop: dispose }
  },
  async open(address) {
    const client = createClient({ url: address, ...nodeRedisOptions })
    const driver = fromNodeRedis(client)
    await client.connect()
    return { store: createRedisStore(driver), close: async () => client.destroy() }
  },
  async openNaive(address) {
    const client = createClient({ url: address })
    await client.connect()
    return { store: createNaiveRedisStore(client), close: async () => client.destroy() }
  },
}
