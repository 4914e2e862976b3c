/**
 * Store suite: what is inserted comes back as it was, and under its own id only.
 * @module
 */
import { copyClaims, maxClaimsBytes } from '../claims.ts'
import { createIssuer } from '../issuer.ts'
import { generateKey, lockOfKey } from '../lock.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import { ConformanceFailure } from './conformance-case.ts'
import { expectEqual, expectStoreError } from './store-expectations.ts'
import {
  having,
  later,
  newId,
  type StoreCase,
  type StoreHarness,
  sampleLifetimeMs,
  sampleRecord,
} from './store-harness.ts'

/** Inserts a record, and expects both `read` and `redeem` to return it member for member, over another handle. */
async function expectRoundTrip(
  { open, openSecond, clock }: StoreHarness,
  members: Partial<TicketRecord>,
): Promise<void> {
  const [store, second] = [await open(), await openSecond()]
  const record = sampleRecord(clock.now(), members)
  await store.insert(record)
  expectEqual('read', await second.read(record.id, clock.now()), { kind: 'pending', record })
  expectEqual('redeem', await second.redeem(record.id, clock.now()), { kind: 'redeemed', record })
}

/** Claims whose JSON is exactly so many bytes long. */
function claimsOfBytes(bytes: number) {
  const frame = JSON.stringify({ text: '' }).length
  return copyClaims({ text: 'x'.repeat(bytes - frame) })
}

/** An id that differs from another in its first character only. */
function neighbourOf(id: TicketId): TicketId {
  return `${id.startsWith('A') ? 'B' : 'A'}${id.slice(1)}` as TicketId
}

/** An id that differs from another in the case of its letters only. The last character stays canonical: it is a digit. */
function otherCaseOf(id: TicketId): TicketId {
  const swapped = Array.from(id, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
  return swapped.join('') as TicketId
}

async function expectKeptApart({ open, clock }: StoreHarness, one: TicketId, other: TicketId): Promise<void> {
  const store = await open()
  const first = sampleRecord(clock.now(), { id: one, audience: 'one' })
  await store.insert(first)
  expectEqual('redeem of the other id', await store.redeem(other, clock.now()), { kind: 'unknown' })
  const second = sampleRecord(clock.now(), { id: other, audience: 'other' })
  await store.insert(second)
  expectEqual('redeem of the other id', await store.redeem(other, clock.now()), { kind: 'redeemed', record: second })
  expectEqual('redeem of the first id', await store.redeem(one, clock.now()), { kind: 'redeemed', record: first })
}

/** Has a ticket issued, spent and another one revoked; returns their texts and the dumps of every step. */
async function dumpLifeOfTickets({ open, clock, capabilities }: StoreHarness) {
  const store = await open()
  const dump = having(capabilities.dump)
  const issuer = createIssuer({ store, audiences: ['chat'], ticketsPerSubject: 'unlimited', clock: clock.now })
  const identity = { issuer: 'https://issuer.example', subject: '248289761001', expiresAt: null, claims: {} }
  const context = { clientAddress: null, origin: null }
  const issue = async () => {
    const issued = await issuer.issue(identity, { audience: 'chat' }, context)
    if (typeof issued === 'object' && 'ticket' in issued) return issued
    throw new ConformanceFailure('no ticket was issued')
  }
  const spent = await issue()
  const revoked = await issue()
  const dumps = [await dump()]
  await store.redeem(spent.id, clock.now())
  await store.revoke(revoked.id, clock.now())
  dumps.push(await dump())
  return { tickets: [spent.ticket, revoked.ticket], dumps }
}

/** What a store keeps. */
export const keepingCases: readonly StoreCase[] = [
  {
    name: 'returns a record as it was inserted, member for member',
    run: (harness) => expectRoundTrip(harness, { claims: copyClaims({ role: 'editor', rooms: [1, 2] }) }),
  },
  {
    name: 'returns null where a member of a record is null',
    run: (harness) =>
      expectRoundTrip(harness, { clientAddress: null, origin: null, lock: null, sessionExpiresAt: null }),
  },
  {
    name: 'returns the lock of a locked ticket as it was',
    run: (harness) => expectRoundTrip(harness, { lock: lockOfKey(generateKey()) }),
  },
  {
    name: 'returns claims of every kind of JSON as they were',
    run: (harness) =>
      expectRoundTrip(harness, {
        claims: copyClaims({
          nothing: null,
          yes: true,
          no: false,
          numbers: [0, -1, 0.1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER],
          texts: ['', ' ', '0', 'null', '2026-01-01T00:00:00Z', '{"a":1}'],
          empty: [{}, [], [[]], { '': '' }],
          nested: { a: { b: { c: [{ d: [[{ e: 'f' }]] }] } } },
          '0': 'a member named by a number',
          '$a.b[*]': 'a member named like a path',
        }),
      }),
  },
  {
    name: 'returns claims of every script as they were',
    run: (harness) =>
      expectRoundTrip(harness, {
        claims: copyClaims({
          Łódź: 'Zażółć gęślą jaźń',
          名前: '山田 太郎',
          emoji: '👩‍👩‍👧‍👦',
          rtl: '\u202eשלום',
          apart: ['é', 'e\u0301'],
        }),
        audience: 'čat/комната?#',
      }),
  },
  {
    name: 'returns claims with control characters, quotes and lone surrogates as they were',
    run: (harness) =>
      expectRoundTrip(harness, {
        claims: copyClaims({
          control: '\u0000\u0001\t\r\n\u007f\u2028',
          quotes: `'"\\;--$1:a%s\``,
          lone: '\ud800 and \udfff',
        }),
      }),
  },
  {
    name: 'returns 4 KiB of claims as they were',
    run: (harness) => expectRoundTrip(harness, { claims: claimsOfBytes(maxClaimsBytes) }),
  },
  {
    name: 'returns instants far in the future as they were',
    run: async (harness) => {
      const now = harness.clock.now()
      const aCentury = 3_155_760_000_000
      await expectRoundTrip(harness, { expiresAt: later(now, 86_400_001), sessionExpiresAt: later(now, aCentury + 1) })
    },
  },
  {
    name: 'returns the record whose id was asked for, among many that are asked for at once',
    run: async ({ open, openSecond, clock }) => {
      const [store, second] = [await open(), await openSecond()]
      const records = Array.from({ length: 100 }, (_, at) => sampleRecord(clock.now(), { claims: copyClaims({ at }) }))
      await Promise.all(records.map((record) => store.insert(record)))
      const outcomes = await Promise.all(records.map(({ id }) => second.redeem(id, clock.now())))
      const expected = records.map((record) => ({ kind: 'redeemed', record }))
      expectEqual('redeem', outcomes, expected)
    },
  },
  {
    name: 'keeps ids apart that differ in one character',
    run: async (harness) => {
      const id = newId()
      await expectKeptApart(harness, id, neighbourOf(id))
    },
  },
  {
    name: 'keeps ids apart that differ in case only',
    run: async (harness) => {
      const id = `${newId().slice(0, 41)}a4` as TicketId
      await expectKeptApart(harness, id, otherCaseOf(id))
    },
  },
  {
    name: 'knows nothing of an id that was never inserted',
    run: async ({ open, clock }) => {
      const store = await open()
      const id = newId()
      expectEqual('redeem', await store.redeem(id, clock.now()), { kind: 'unknown' })
      expectEqual('read', await store.read(id, clock.now()), { kind: 'unknown' })
      expectEqual('revoke', await store.revoke(id, clock.now()), false)
    },
  },
  {
    name: 'refuses an id that it has, and keeps the record that came first',
    run: async ({ open, openSecond, clock }) => {
      const [store, second] = [await open(), await openSecond()]
      const record = sampleRecord(clock.now())
      await store.insert(record)
      const rival = { ...record, audience: 'other', expiresAt: later(record.expiresAt, 1000) }
      await expectStoreError('insert of the same id', second.insert(rival), 'conflict')
      expectEqual('redeem', await store.redeem(record.id, clock.now()), { kind: 'redeemed', record })
    },
  },
  {
    name: 'refuses the id of a spent ticket',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      await store.redeem(record.id, clock.now())
      await expectStoreError('insert of the same id', store.insert(record), 'conflict')
      expectEqual('redeem', await store.redeem(record.id, clock.now()), { kind: 'spent' })
    },
  },
  {
    name: 'refuses the id of a revoked ticket',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      await store.revoke(record.id, clock.now())
      await expectStoreError('insert of the same id', store.insert(record), 'conflict')
      expectEqual('redeem', await store.redeem(record.id, clock.now()), { kind: 'revoked' })
    },
  },
  {
    name: 'brings no expired ticket back to life when its record is inserted again',
    run: async ({ open, clock }) => {
      const store = await open()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      clock.advance(sampleLifetimeMs)
      // Past its natural expiry a record may be gone: both a conflict and a second insert are right.
      const again = await store.insert(record).catch((error: unknown) => error)
      if (again !== undefined) await expectStoreError('insert of the same id', Promise.reject(again), 'conflict')
      const { kind } = await store.redeem(record.id, clock.now())
      expectEqual('redeemed', kind === 'redeemed', false)
    },
  },
  {
    name: 'holds nothing from which a ticket could be told',
    needs: ['dump'],
    run: async (harness) => {
      const { tickets, dumps } = await dumpLifeOfTickets(harness)
      for (const dump of dumps) {
        expectEqual('the subject is found in the dump', dump.includes('248289761001'), true)
        const leaks = tickets.map((ticket) => dump.includes(ticket.slice('wst_'.length)))
        expectEqual('a ticket is found in the dump', leaks.includes(true), false)
      }
    },
  },
]
