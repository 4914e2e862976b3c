/**
 * GET, then DEL.
 * @module
 */

/** @import { RacedStore } from './subject.mjs' */

/**
 * @param {{ get(key: string): Promise<string | null>, set(key: string, value: string): Promise<unknown>, del(key: string): Promise<unknown> }} client
 * of ioredis or node-redis
 * @returns {RacedStore}
 */
export function createNaiveRedisStore(client) {
  return {
    async insert(record) {
      await client.set(`naive:${record.id}`, JSON.stringify(record))
    },
    async redeem(id) {
      const text = await client.get(`naive:${id}`)
      if (text === null) return { kind: 'spent' }
      await client.del(`naive:${id}`)
      return { kind: 'redeemed', record: JSON.parse(text) }
    },
  }
}
