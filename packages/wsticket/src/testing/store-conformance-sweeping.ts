/**
 * Store suite: what is past its expiry goes, nothing else does, and there is an end to what is kept.
 * @module
 */
import type { TicketRecord } from '../ticket.ts'
import type { TicketStore } from '../ticket-store.ts'
import { ConformanceFailure } from './conformance-case.ts'
import { expectPastExpiry } from './store-conformance-spending.ts'
import { expectEqual, expectStoreError } from './store-expectations.ts'
import { having, later, type StoreCase, type StoreHarness, sampleLifetimeMs, sampleRecord } from './store-harness.ts'

/** Whatever granularity a store sweeps in, and whatever margin its engine keeps: this long after its expiry a record is gone. */
const longAfterMs = 86_400_000

async function insertSamples(store: TicketStore, { clock }: StoreHarness, count: number): Promise<TicketRecord[]> {
  const records = Array.from({ length: count }, () => sampleRecord(clock.now()))
  for (const record of records) await store.insert(record)
  return records
}

/** Issues tickets, lets each come to another end, and sweeps when all are long past their expiry. */
async function liveThroughGeneration(store: TicketStore, harness: StoreHarness): Promise<void> {
  const { clock } = harness
  const records = await insertSamples(store, harness, 30)
  for (const [at, { id }] of records.entries()) {
    if (at % 3 === 0) await store.redeem(id, clock.now())
    if (at % 3 === 1) await store.revoke(id, clock.now())
  }
  clock.advance(sampleLifetimeMs + longAfterMs)
  await store.sweep(clock.now())
}

/** How a store forgets. */
export const sweepingCases: readonly StoreCase[] = [
  {
    name: 'sweeps no ticket that is still good',
    run: async (harness) => {
      const store = await harness.open()
      const [record] = (await insertSamples(store, harness, 1)) as [TicketRecord]
      harness.clock.advance(sampleLifetimeMs - 1)
      expectEqual('sweep', await store.sweep(harness.clock.now()), 0)
      expectEqual('redeem', await store.redeem(record.id, harness.clock.now()), { kind: 'redeemed', record })
    },
  },
  {
    name: 'sweeps no memory of a spent or a revoked ticket before its natural expiry',
    run: async (harness) => {
      const store = await harness.open()
      const [spent, voided] = (await insertSamples(store, harness, 2)) as [TicketRecord, TicketRecord]
      await store.redeem(spent.id, harness.clock.now())
      await store.revoke(voided.id, harness.clock.now())
      harness.clock.advance(sampleLifetimeMs - 1)
      expectEqual('sweep', await store.sweep(harness.clock.now()), 0)
      expectEqual('redeem of the spent one', await store.redeem(spent.id, harness.clock.now()), { kind: 'spent' })
      expectEqual('redeem of the revoked one', await store.redeem(voided.id, harness.clock.now()), { kind: 'revoked' })
    },
  },
  {
    name: 'says how many records it swept, or 0 where its engine does so, and has none left to sweep',
    run: async (harness) => {
      const store = await harness.open()
      const records = await insertSamples(store, harness, 10)
      harness.clock.advance(sampleLifetimeMs + longAfterMs)
      const swept = await store.sweep(harness.clock.now())
      if (swept !== 10 && swept !== 0) throw new ConformanceFailure(`sweep says ${swept}, and should say 10, or 0`)
      expectEqual('second sweep', await store.sweep(harness.clock.now()), 0)
      for (const { id } of records) expectPastExpiry((await store.redeem(id, harness.clock.now())).kind)
    },
  },
  {
    name: 'holds no more after many generations of tickets than after one',
    needs: ['size'],
    run: async (harness) => {
      const size = having(harness.capabilities.size)
      const store = await harness.open()
      await insertSamples(store, harness, 1)
      const alive = await size(harness.clock.now())
      if (alive < 1) throw new ConformanceFailure('the size is 0 while there is a ticket: the harness does not count')
      for (let generation = 0; generation < 5; generation += 1) await liveThroughGeneration(store, harness)
      expectEqual('size after all', await size(harness.clock.now()), 0)
    },
  },
  {
    name: 'refuses a record that it has no room for, and drops none to make some',
    needs: ['capacity'],
    run: async (harness) => {
      const store = await having(harness.capabilities.capacity)(8)
      const records = await insertSamples(store, harness, 8)
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await expectStoreError('insert of one too many', store.insert(sampleRecord(harness.clock.now())), 'capacity')
      }
      for (const record of records) {
        expectEqual('redeem', await store.redeem(record.id, harness.clock.now()), { kind: 'redeemed', record })
      }
    },
  },
  {
    name: 'has room again when its records have expired',
    needs: ['capacity'],
    run: async (harness) => {
      const store = await having(harness.capabilities.capacity)(8)
      await insertSamples(store, harness, 8)
      harness.clock.advance(sampleLifetimeMs + longAfterMs)
      await store.sweep(harness.clock.now())
      const records = await insertSamples(store, harness, 8)
      const outcomes = await Promise.all(records.map(({ id }) => store.redeem(id, harness.clock.now())))
      expectEqual(
        'redeem',
        outcomes,
        records.map((record) => ({ kind: 'redeemed', record })),
      )
    },
  },
  {
    name: 'sees nothing of another namespace',
    needs: ['namespaces'],
    run: async (harness) => {
      const open = having(harness.capabilities.namespaces)
      await expectApart(harness, await open('alpha'), await open('beta'))
    },
  },
  {
    name: 'sees nothing of a namespace whose name begins like its own',
    needs: ['namespaces'],
    run: async (harness) => {
      const open = having(harness.capabilities.namespaces)
      await expectApart(harness, await open('tenant'), await open('tenant2'))
    },
  },
  {
    name: 'takes a name of glob and SQL metacharacters as it is, or refuses it at once',
    needs: ['namespaces'],
    run: async (harness) => {
      const open = having(harness.capabilities.namespaces)
      for (const [pattern, matched] of [
        ['a*', 'ab'],
        ['a?', 'ac'],
        ['a[bc]', 'ab'],
        ['a%', 'ab'],
        ['a_', 'ac'],
        ['a{b}', 'a{c}'],
        [`a'; DROP TABLE tickets; --`, 'ab'],
        ['a"b', 'ab'],
      ] as const) {
        const hostile = await open(pattern).catch((error: unknown) => requireConfigurationError(pattern, error))
        const plain = await open(matched).catch((error: unknown) => requireConfigurationError(matched, error))
        if (hostile !== null && plain !== null) await expectApart(harness, hostile, plain)
      }
    },
  },
]

/** Expects neither of two stores to see, spend, void or sweep what is in the other. */
async function expectApart({ clock }: StoreHarness, one: TicketStore, other: TicketStore): Promise<void> {
  const record = sampleRecord(clock.now())
  const now = clock.now()
  await other.insert(record)
  expectEqual('redeem from another namespace', await one.redeem(record.id, now), { kind: 'unknown' })
  expectEqual('read from another namespace', await one.read(record.id, now), { kind: 'unknown' })
  expectEqual('revoke from another namespace', await one.revoke(record.id, now), false)
  const rival = { ...record, audience: 'other' }
  await one.insert(rival)
  await one.sweep(later(now, sampleLifetimeMs + longAfterMs))
  expectEqual('redeem in its own namespace', await other.redeem(record.id, now), { kind: 'redeemed', record })
}

/** A name that a store cannot take is refused where the store is made, and as what it is. */
function requireConfigurationError(name: string, error: unknown): null {
  if (error instanceof Error && error.name === 'ConfigurationError') return null
  throw new ConformanceFailure(`the namespace ${name} can neither be opened nor is it refused: ${String(error)}`)
}
