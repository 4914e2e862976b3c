/**
 * Redis Cluster of three primaries and three replicas, through ioredis.
 * @module
 */
import { Cluster } from 'ioredis'
import { fromIoredis, ioredisClusterOptions } from 'wsticket/drivers/ioredis'
import { createRedisStore } from 'wsticket/stores/redis'
import { startRedisCluster } from 'wsticket-engines/redis-cluster'
import { createNaiveRedisStore } from '../naive-redis.mjs'
import { clientNamed } from '../subject.mjs'

/** @import { Subject } from '../subject.mjs' */

/** @type {Subject} */
export const subject = {
  client: clientNamed('ioredis'),
  shortRacers: 8,
  async start() {
    const { addresses: address, dispose } = await startRedisCluster()
    return { address, stop: dispose }
  },
  async open(address) {
    const client = new Cluster(address, ioredisClusterOptions)
    const driver = fromIoredis(client)
    await driver.ready()
    return { store: createRedisStore(driver), close: async () => client.disconnect() }
  },
  async openNaive(address) {
    const client = new Cluster(address)
    return { store: createNaiveRedisStore(client), close: async () => client.disconnect() }
  },
}
