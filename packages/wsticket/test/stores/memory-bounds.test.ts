import { describe, expect, it, vi } from 'vitest'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import type { TicketRecord } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { at, recordOf, start, ticketOf } from '../core/fixtures.ts'

function recordIssuedAt(seed: number, issuedAt: number): TicketRecord {
  return recordOf(ticketOf(seed), { issuedAt: at(issuedAt), expiresAt: at(issuedAt + 30_000) })
}

/** Inserts until the store refuses; says how many it took. */
async function roomIn(store: TicketStore, firstSeed: number, issuedAt: number): Promise<number> {
  for (let count = 0; count <= 1000; count += 1) {
    const refused = await store.insert(recordIssuedAt(firstSeed + count, issuedAt)).then(
      () => false,
      () => true,
    )
    if (refused) return count
  }
  return Number.POSITIVE_INFINITY
}

describe('the memory store', () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '100', null])('takes no bound of %j', (maxRecords) => {
    expect(() => createMemoryStore({ maxRecords: maxRecords as never })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'maxRecords' }),
    )
  })

  it('counts spent and revoked tickets until they have expired', async () => {
    const clock = createMovableClock(start)
    const store = createMemoryStore({ maxRecords: 3, clock: clock.now })
    const records = [recordIssuedAt(1, start), recordIssuedAt(2, start), recordIssuedAt(3, start)] as const
    for (const record of records) await store.insert(record)
    await store.redeem(records[0].id, clock.now())
    await store.revoke(records[1].id, clock.now())
    await expect(store.insert(recordIssuedAt(4, start))).rejects.toMatchObject({ code: 'capacity' })
  })

  it('makes room by itself when its records have expired: nobody has to sweep', async () => {
    const clock = createMovableClock(start)
    const store = createMemoryStore({ maxRecords: 100, clock: clock.now })
    for (let round = 0; round < 20; round += 1) {
      expect(await roomIn(store, round * 1000, clock.now())).toBe(100)
      clock.advance(31_000)
    }
  })

  it('keeps what is still good when it makes room', async () => {
    const clock = createMovableClock(start)
    const store = createMemoryStore({ maxRecords: 2, clock: clock.now })
    await store.insert(recordIssuedAt(1, start))
    clock.advance(20_000)
    await store.insert(recordIssuedAt(2, clock.now()))
    clock.advance(11_000)
    await store.insert(recordIssuedAt(3, clock.now()))
    expect((await store.read(recordIssuedAt(2, 0).id, clock.now())).kind).toBe('pending')
    expect((await store.read(recordIssuedAt(1, 0).id, clock.now())).kind).toBe('unknown')
  })

  it('keeps a record until the end of the second in which it expires, and no longer', async () => {
    const clock = createMovableClock(start)
    const store = createMemoryStore({ clock: clock.now })
    const record = recordOf(ticketOf(1), { expiresAt: at(start + 30_400) })
    await store.insert(record)
    expect(await store.sweep(at(start + 30_999))).toBe(0)
    expect((await store.read(record.id, at(start + 30_999))).kind).toBe('expired')
    expect(await store.sweep(at(start + 31_000))).toBe(1)
    expect((await store.read(record.id, at(start + 31_000))).kind).toBe('unknown')
  })

  it('does not lose what it holds to a clock that is set back', async () => {
    const clock = createMovableClock(start)
    const store = createMemoryStore({ maxRecords: 10, clock: clock.now })
    await store.insert(recordIssuedAt(1, start))
    clock.advance(-3_600_000)
    await store.insert(recordIssuedAt(2, start))
    expect((await store.redeem(recordIssuedAt(1, start).id, at(start))).kind).toBe('redeemed')
    expect((await store.redeem(recordIssuedAt(2, start).id, at(start))).kind).toBe('redeemed')
  })

  it('sets no timer, so that it keeps no process alive', async () => {
    const timers = [
      vi.spyOn(globalThis, 'setTimeout'),
      vi.spyOn(globalThis, 'setInterval'),
      vi.spyOn(globalThis, 'setImmediate'),
    ]
    const store = createMemoryStore()
    const record = recordOf(ticketOf(1))
    await store.insert(record)
    await store.redeem(record.id, start)
    await store.sweep(at(start + 60_000))
    await store.close()
    for (const timer of timers) expect(timer).not.toHaveBeenCalled()
  })
})
