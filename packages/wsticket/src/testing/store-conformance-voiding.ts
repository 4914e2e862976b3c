/**
 * Store suite: what can be voided, and what can be read without being spent.
 * @module
 */
import type { TicketRecord } from '../ticket.ts'
import type { TicketStore } from '../ticket-store.ts'
import { expectEqual } from './store-expectations.ts'
import { type StoreCase, type StoreHarness, sampleLifetimeMs, sampleRecord } from './store-harness.ts'

/** A store, and a pending record in it. */
async function openWithPending({ open, clock }: StoreHarness): Promise<{ store: TicketStore; record: TicketRecord }> {
  const store = await open()
  const record = sampleRecord(clock.now())
  await store.insert(record)
  return { store, record }
}

/** How a store revokes and reads. */
export const voidingCases: readonly StoreCase[] = [
  {
    name: 'revokes a pending ticket, which then opens nothing',
    run: async (harness) => {
      const { store, record } = await openWithPending(harness)
      const second = await harness.openSecond()
      const now = harness.clock.now()
      expectEqual('revoke', await second.revoke(record.id, now), true)
      expectEqual('redeem', await store.redeem(record.id, now), { kind: 'revoked' })
      expectEqual('redeem again', await second.redeem(record.id, now), { kind: 'revoked' })
    },
  },
  {
    name: 'revokes a ticket one millisecond before its expiry',
    run: async (harness) => {
      const { store, record } = await openWithPending(harness)
      harness.clock.advance(sampleLifetimeMs - 1)
      expectEqual('revoke', await store.revoke(record.id, harness.clock.now()), true)
      expectEqual('redeem', await store.redeem(record.id, harness.clock.now()), { kind: 'revoked' })
    },
  },
  {
    name: 'has nothing to revoke the second time, and the ticket stays revoked',
    run: async (harness) => {
      const { store, record } = await openWithPending(harness)
      const now = harness.clock.now()
      expectEqual('first revoke', await store.revoke(record.id, now), true)
      expectEqual('second revoke', await store.revoke(record.id, now), false)
      expectEqual('redeem', await store.redeem(record.id, now), { kind: 'revoked' })
    },
  },
  {
    name: 'has nothing to revoke of a spent ticket, which stays spent',
    run: async (harness) => {
      const { store, record } = await openWithPending(harness)
      const now = harness.clock.now()
      await store.redeem(record.id, now)
      expectEqual('revoke', await store.revoke(record.id, now), false)
      expectEqual('redeem', await store.redeem(record.id, now), { kind: 'spent' })
      expectEqual('read', await store.read(record.id, now), { kind: 'redeemed', record })
    },
  },
  {
    name: 'has nothing to revoke of an expired ticket',
    run: async (harness) => {
      const { store, record } = await openWithPending(harness)
      harness.clock.advance(sampleLifetimeMs)
      expectEqual('revoke', await store.revoke(record.id, harness.clock.now()), false)
      expectEqual('redeem', await store.redeem(record.id, harness.clock.now()), { kind: 'expired' })
    },
  },
  {
    name: 'remembers a revoked ticket until its natural expiry',
    run: async (harness) => {
      const { store, record } = await openWithPending(harness)
      await store.revoke(record.id, harness.clock.now())
      harness.clock.advance(sampleLifetimeMs - 1)
      expectEqual('redeem', await store.redeem(record.id, harness.clock.now()), { kind: 'revoked' })
    },
  },
  {
    name: 'reads a pending ticket as often as asked, and it is still good',
    run: async (harness) => {
      const { store, record } = await openWithPending(harness)
      const now = harness.clock.now()
      const reads = await Promise.all(Array.from({ length: 10 }, () => store.read(record.id, now)))
      for (const state of reads) expectEqual('read', state, { kind: 'pending', record })
      expectEqual('redeem', await store.redeem(record.id, now), { kind: 'redeemed', record })
    },
  },
  {
    name: 'reads what became of a ticket: pending, redeemed, revoked or expired',
    run: async (harness) => {
      const { store, record: spent } = await openWithPending(harness)
      const { clock } = harness
      const [voided, left] = [sampleRecord(clock.now()), sampleRecord(clock.now())]
      await store.insert(voided)
      await store.insert(left)
      await store.redeem(spent.id, clock.now())
      await store.revoke(voided.id, clock.now())
      expectEqual('read of a spent ticket', await store.read(spent.id, clock.now()), {
        kind: 'redeemed',
        record: spent,
      })
      expectEqual('read of a revoked one', await store.read(voided.id, clock.now()), {
        kind: 'revoked',
        record: voided,
      })
      expectEqual('read of a pending one', await store.read(left.id, clock.now()), { kind: 'pending', record: left })
      clock.advance(sampleLifetimeMs)
      expectEqual('read of an expired one', await store.read(left.id, clock.now()), { kind: 'expired', record: left })
    },
  },
  {
    name: 'says no more in an outcome than its kind and, where there is one, the record',
    run: async (harness) => {
      const { store, record } = await openWithPending(harness)
      const now = harness.clock.now()
      const members = async (outcome: Promise<object>) => Object.keys(await outcome).sort()
      expectEqual('members of pending', await members(store.read(record.id, now)), ['kind', 'record'])
      expectEqual('members of redeemed', await members(store.redeem(record.id, now)), ['kind', 'record'])
      expectEqual('members of spent', await members(store.redeem(record.id, now)), ['kind'])
      expectEqual('members of unknown', await members(store.redeem(sampleRecord(now).id, now)), ['kind'])
    },
  },
]
