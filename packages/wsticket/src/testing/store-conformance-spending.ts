/**
 * Store suite: a ticket is spent once, and in time.
 * @module
 */
import { ConformanceFailure } from './conformance-case.ts'
import { expectEqual } from './store-expectations.ts'
import { later, type StoreCase, sampleLifetimeMs, sampleRecord } from './store-harness.ts'

/** Expects a ticket that is past its expiry not to open anything, whether its record is still there or not. */
export function expectPastExpiry(kind: string): void {
  if (kind === 'expired' || kind === 'unknown') return
  throw new ConformanceFailure(`redeem past the expiry is ${kind}, and should be expired or unknown`)
}

/** How a store spends, and when it no longer does. */
export const spendingCases: readonly StoreCase[] = [
  {
    name: 'spends a ticket once: the second time it is spent, and every time after',
    run: async ({ open, openSecond, clock }) => {
      const [store, second] = [await open(), await openSecond()]
      const record = sampleRecord(clock.now())
      await store.insert(record)
      expectEqual('first redeem', await store.redeem(record.id, clock.now()), { kind: 'redeemed', record })
      expectEqual('second redeem', await store.redeem(record.id, clock.now()), { kind: 'spent' })
      expectEqual('third redeem, by another handle', await second.redeem(record.id, clock.now()), { kind: 'spent' })
    },
  },
  {
    name: 'tells a spent ticket from an unknown one until its natural expiry',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      await store.redeem(record.id, clock.now())
      clock.advance(sampleLifetimeMs - 1)
      expectEqual('redeem', await store.redeem(record.id, clock.now()), { kind: 'spent' })
      const { kind } = await store.read(record.id, clock.now())
      expectEqual('read', kind, 'redeemed')
    },
  },
  {
    name: 'never spends a spent ticket again, also past its expiry',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      await store.redeem(record.id, clock.now())
      clock.advance(sampleLifetimeMs)
      const { kind } = await store.redeem(record.id, clock.now())
      expectEqual('redeemed', kind === 'redeemed', false)
    },
  },
  {
    name: 'spends a ticket one millisecond before its expiry',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      clock.advance(sampleLifetimeMs - 1)
      expectEqual('redeem', await store.redeem(record.id, clock.now()), { kind: 'redeemed', record })
    },
  },
  {
    name: 'finds a ticket expired at the very millisecond of its expiry',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      clock.advance(sampleLifetimeMs)
      expectEqual('redeem', await store.redeem(record.id, clock.now()), { kind: 'expired' })
    },
  },
  {
    name: "goes by the record's expiry and the time that it is told, where its own clock lags behind",
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      const aheadOfTheEngine = later(clock.now(), sampleLifetimeMs)
      expectEqual('redeem', await store.redeem(record.id, aheadOfTheEngine), { kind: 'expired' })
    },
  },
  {
    name: "spends a ticket of an issuer whose clock is two minutes ahead of the verifier's",
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(later(clock.now(), 120_000))
      await store.insert(record)
      expectEqual('redeem', await store.redeem(record.id, clock.now()), { kind: 'redeemed', record })
      expectEqual('second redeem', await store.redeem(record.id, clock.now()), { kind: 'spent' })
    },
  },
  {
    name: 'takes a record that has already expired, and never spends it',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(later(clock.now(), -120_000))
      await store.insert(record)
      expectPastExpiry((await store.redeem(record.id, clock.now())).kind)
      expectPastExpiry((await store.redeem(record.id, clock.now())).kind)
    },
  },
  {
    name: 'takes a record that expires at this very moment, and never spends it',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(later(clock.now(), -sampleLifetimeMs))
      await store.insert(record)
      expectPastExpiry((await store.redeem(record.id, clock.now())).kind)
    },
  },
  {
    name: 'counts lifetimes of less than a second in milliseconds',
    run: async ({ open, clock }) => {
      const store = await open()
      const now = clock.now()
      for (const lifetimeMs of [1, 40, 999, 1001]) {
        const used = sampleRecord(now, { expiresAt: later(now, lifetimeMs) })
        const late = sampleRecord(now, { expiresAt: later(now, lifetimeMs) })
        await store.insert(used)
        await store.insert(late)
        const inTime = await store.redeem(used.id, later(now, lifetimeMs - 1))
        expectEqual(`redeem within ${lifetimeMs} ms`, inTime, { kind: 'redeemed', record: used })
        expectPastExpiry((await store.redeem(late.id, later(now, lifetimeMs))).kind)
      }
    },
  },
]
