/**
 * A store such as many are: SET to issue, GETDEL to redeem. Atomic on one server, and so it passes every race there. Negative
 * control: what the fence is for must show on it, or the scenario proves nothing.
 * @module
 */
import { StoreError } from '../../src/errors.ts'
import { readRecord, writeRecord } from '../../src/record-text.ts'
import type { RedisDriver } from '../../src/redis-driver.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

/** Creates one. */
export function createNaiveRedisStore(driver: RedisDriver, prefix: string): Pick<TicketStore, 'insert' | 'redeem'> {
  const send = (id: string, name: string, ...rest: string[]) =>
    driver.send(prefix + id, [name, prefix + id, ...rest]).catch((error: unknown) => {
      throw new StoreError('unavailable', 'it failed', { cause: error })
    })
  return {
    async insert(record) {
      await send(record.id, 'SET', writeRecord(record), 'PXAT', String(record.expiresAt))
    },
    async redeem(id) {
      const text = await send(id, 'GETDEL')
      return typeof text === 'string' ? { kind: 'redeemed', record: readRecord(text, id) } : { kind: 'unknown' }
    },
  }
}
