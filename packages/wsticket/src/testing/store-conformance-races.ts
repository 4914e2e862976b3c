/**
 * Store suite: of all that happens at once, one thing wins. Always over two handles.
 * @module
 */
import type { EpochMs } from '../clock.ts'
import type { TicketId } from '../ticket.ts'
import type { TicketStore } from '../ticket-store.ts'
import { ConformanceFailure } from './conformance-case.ts'
import { expectEqual } from './store-expectations.ts'
import { later, type StoreCase, type StoreHarness, sampleLifetimeMs, sampleRecord } from './store-harness.ts'

type Handles = readonly [TicketStore, TicketStore]

async function openBoth({ open, openSecond }: StoreHarness): Promise<Handles> {
  return [await open(), await openSecond()]
}

/** How often each kind of outcome came up. */
function tally(outcomes: readonly { readonly kind: string }[]): { readonly [kind: string]: number } {
  const counts: { [kind: string]: number } = {}
  for (const { kind } of outcomes) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** Redeems one id so many times at once, the handles in turn. */
function redeemAtOnce(handles: Handles, { id, now, times }: { id: TicketId; now: EpochMs; times: number }) {
  return Promise.all(Array.from({ length: times }, (_, at) => (handles[at % 2] as TicketStore).redeem(id, now)))
}

/** Redeems and revokes at once. Expects one of the two to win, and the loser and everybody after to know. */
async function expectOneWinner([store, second]: Handles, now: EpochMs, first: 'redeem' | 'revoke'): Promise<void> {
  const record = sampleRecord(now)
  await store.insert(record)
  const early = first === 'revoke' ? second.revoke(record.id, now) : null
  const redeemed = store.redeem(record.id, now)
  const [outcome, voided] = await Promise.all([redeemed, early ?? second.revoke(record.id, now)])
  const expected = voided ? { kind: 'revoked' } : { kind: 'redeemed', record }
  expectEqual(`redeem, where revoke says ${voided}`, outcome, expected)
  const kept = await second.read(record.id, now)
  expectEqual('read afterwards', kept, { kind: voided ? 'revoked' : 'redeemed', record })
}

/** What a store does when everything happens at once. */
export const raceCases: readonly StoreCase[] = [
  {
    name: 'spends a ticket once when it is redeemed 64 times at once',
    run: async (harness) => {
      const handles = await openBoth(harness)
      const now = harness.clock.now()
      const record = sampleRecord(now)
      await handles[0].insert(record)
      const outcomes = await redeemAtOnce(handles, { id: record.id, now, times: 64 })
      expectEqual('outcomes', tally(outcomes), { redeemed: 1, spent: 63 })
    },
  },
  {
    name: 'spends each of 200 tickets once when each is redeemed 16 times at once',
    run: async (harness) => {
      const handles = await openBoth(harness)
      const now = harness.clock.now()
      const records = Array.from({ length: 200 }, () => sampleRecord(now))
      await Promise.all(records.map((record) => handles[0].insert(record)))
      for (const { id } of records) {
        const outcomes = await redeemAtOnce(handles, { id, now, times: 16 })
        expectEqual('outcomes', tally(outcomes), { redeemed: 1, spent: 15 })
      }
    },
  },
  {
    name: 'lets one of two win when a ticket is redeemed and revoked at once',
    run: async (harness) => {
      const [store, second] = await openBoth(harness)
      const now = harness.clock.now()
      for (let round = 0; round < 25; round += 1) {
        await expectOneWinner([store, second], now, 'redeem')
        await expectOneWinner([second, store], now, 'revoke')
      }
    },
  },
  {
    name: 'lets one of 16 win when a ticket is revoked 16 times at once',
    run: async (harness) => {
      const handles = await openBoth(harness)
      const now = harness.clock.now()
      const { id, ...members } = sampleRecord(now)
      await handles[0].insert({ id, ...members })
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, at) => (handles[at % 2] as TicketStore).revoke(id, now)),
      )
      expectEqual('how many were told true', answers.filter((voided) => voided).length, 1)
    },
  },
  {
    name: 'takes one of 16 records when an id is inserted 16 times at once',
    run: async (harness) => {
      const handles = await openBoth(harness)
      const now = harness.clock.now()
      const { id } = sampleRecord(now)
      const rivals = Array.from({ length: 16 }, (_, at) => sampleRecord(now, { id, audience: `rival ${at}` }))
      const inserts = await Promise.allSettled(
        rivals.map((rival, at) => (handles[at % 2] as TicketStore).insert(rival)),
      )
      const kept = rivals.filter((_, at) => inserts[at]?.status === 'fulfilled')
      expectEqual('how many were inserted', kept.length, 1)
      expectEqual('redeem', await handles[1].redeem(id, now), { kind: 'redeemed', record: kept[0] })
    },
  },
  {
    name: 'spends a ticket once when it is redeemed while it is being inserted',
    run: async (harness) => {
      const handles = await openBoth(harness)
      const now = harness.clock.now()
      const record = sampleRecord(now)
      const [, early] = await Promise.all([
        handles[0].insert(record),
        redeemAtOnce(handles, { id: record.id, now, times: 16 }),
      ])
      const late = await redeemAtOnce(handles, { id: record.id, now, times: 2 })
      expectEqual('how many were redeemed', tally([...early, ...late]).redeemed, 1)
    },
  },
  {
    name: 'spends a ticket once when it is redeemed and swept at once before its expiry',
    run: async (harness) => {
      const handles = await openBoth(harness)
      const beforeExpiry = later(harness.clock.now(), sampleLifetimeMs - 1)
      const record = sampleRecord(harness.clock.now())
      await handles[0].insert(record)
      const [outcomes] = await Promise.all([
        redeemAtOnce(handles, { id: record.id, now: beforeExpiry, times: 16 }),
        ...Array.from({ length: 8 }, (_, at) => (handles[at % 2] as TicketStore).sweep(beforeExpiry)),
      ])
      expectEqual('outcomes', tally(outcomes), { redeemed: 1, spent: 15 })
    },
  },
  {
    name: 'spends a ticket at most once when it is redeemed and swept at once around its expiry',
    run: async (harness) => {
      const handles = await openBoth(harness)
      const start = harness.clock.now()
      const record = sampleRecord(start)
      await handles[0].insert(record)
      const [inTime, late] = await Promise.all([
        redeemAtOnce(handles, { id: record.id, now: later(start, sampleLifetimeMs - 1), times: 8 }),
        redeemAtOnce(handles, { id: record.id, now: later(start, sampleLifetimeMs), times: 8 }),
        handles[1].sweep(later(start, sampleLifetimeMs + 60_000)),
      ])
      const { redeemed = 0 } = tally(inTime)
      if (redeemed > 1) throw new ConformanceFailure(`the ticket was redeemed ${redeemed} times`)
      expectEqual('how many were redeemed too late', tally(late).redeemed ?? 0, 0)
    },
  },
]
