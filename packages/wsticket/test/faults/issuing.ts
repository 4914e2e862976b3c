/**
 * Tickets for tests in which an engine may be late.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketId, TicketRecord } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

/** As much of a store as issues. */
type Issuing = Pick<TicketStore, 'insert'>

const inTimeMs = 20_000
const pauseMs = 20

/** Issues a ticket, or fails to. */
export async function issueOne(store: Issuing): Promise<TicketRecord> {
  const record = sampleRecord(systemClock())
  await store.insert(record)
  return record
}

/** Issues so many at once, or fails to. */
export async function issueAll(store: Issuing, count: number): Promise<TicketId[]> {
  const records = await Promise.all(Array.from({ length: count }, () => issueOne(store)))
  return records.map(({ id }) => id)
}

/**
 * Issues a ticket. In place of one that was not stored in time, another: a machine that many share stands still now and then. Whatever
 * else fails is a fault of the store.
 */
export async function issueInTime(store: Issuing): Promise<TicketRecord> {
  const startedAt = performance.now()
  for (;;) {
    try {
      return await issueOne(store)
    } catch (error) {
      const isLate = error instanceof StoreError && error.code === 'unavailable'
      if (!isLate || performance.now() - startedAt > inTimeMs) throw error
      await pause(pauseMs)
    }
  }
}

/** Issues so many likewise. */
export async function issueAllInTime(store: Issuing, count: number): Promise<TicketId[]> {
  const records = await Promise.all(Array.from({ length: count }, () => issueInTime(store)))
  return records.map(({ id }) => id)
}
