/**
 * Stores that keep too little, too much or the wrong thing.
 * @module
 */
import type { EpochMs } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import type { TicketId } from '../../src/ticket.ts'
import { overriding, type SeededBug } from './seeded-bug.ts'
import { keyOf, parseRecord, type Row } from './simulated-engine.ts'

export const bugsOfMemory: readonly SeededBug[] = [
  {
    mistake: 'forgets a ticket as soon as it is spent',
    noticedBy: 'spends a ticket once: the second time it is spent, and every time after',
    tamper: overriding((store, { client, namespace }) => ({
      redeem: async (id, now) => {
        const outcome = await store.redeem(id, now)
        if (outcome.kind === 'redeemed') await client.run((rows) => rows.delete(keyOf(namespace, id)))
        return outcome
      },
    })),
  },
  {
    mistake: 'overwrites a record whose id it has',
    noticedBy: 'refuses an id that it has, and keeps the record that came first',
    tamper: overriding((store, { client, namespace }) => ({
      insert: async (record) => {
        await client.run((rows) => rows.delete(keyOf(namespace, record.id)))
        await store.insert(record)
      },
    })),
  },
  {
    mistake: 'looks whether it has an id, and inserts in a second step',
    noticedBy: 'takes one of 16 records when an id is inserted 16 times at once',
    tamper: overriding((_, { client, namespace }) => ({
      insert: async (record) => {
        const known = await client.run((rows) => rows.has(keyOf(namespace, record.id)))
        if (known) throw new StoreError('conflict', 'the id is known')
        const { id, expiresAt } = record
        const row: Row = { namespace, record: JSON.stringify(record), expiresAt, state: 'pending' }
        await client.run((rows) => rows.set(keyOf(namespace, id), row))
      },
    })),
  },
  {
    mistake: 'mixes up the answers to commands that are on their way together',
    noticedBy: 'returns the record whose id was asked for, among many that are asked for at once',
    tamper: overriding((store, { client, namespace }) => {
      let onTheirWay = 0
      return {
        redeem: async (id, now) => {
          onTheirWay += 1
          const outcome = await store.redeem(id, now)
          const mixed = onTheirWay > 1 && outcome.kind === 'redeemed'
          onTheirWay -= 1
          if (!mixed) return outcome
          const other = await client.run((rows) => [...rows.values()].find((row) => row.namespace === namespace))
          return other === undefined ? outcome : { kind: 'redeemed', record: parseRecord(other) }
        },
      }
    }),
  },
  {
    mistake: 'sweeps the memory of spent tickets before their expiry',
    noticedBy: 'sweeps no memory of a spent or a revoked ticket before its natural expiry',
    tamper: overriding((store, { client }) => ({
      sweep: async (now) => {
        const spent = await client.run((rows) => [...rows].filter(([, row]) => row.state === 'redeemed'))
        await client.run((rows) => {
          for (const [key] of spent) rows.delete(key)
        })
        return store.sweep(now)
      },
    })),
  },
  {
    mistake: 'sweeps what is still good',
    noticedBy: 'sweeps no ticket that is still good',
    tamper: overriding((store) => ({ sweep: (now) => store.sweep((now + 1000) as EpochMs) })),
  },
  {
    mistake: 'never sweeps',
    noticedBy: 'holds no more after many generations of tickets than after one',
    tamper: overriding((store) => ({ sweep: (now) => store.sweep((now - 86_400_000 * 365) as EpochMs) })),
  },
  {
    mistake: 'drops the oldest record to make room',
    noticedBy: 'refuses a record that it has no room for, and drops none to make some',
    tamper: overriding((store, { client, maxRecords }) => ({
      insert: async (record) => {
        await client.run((rows) => {
          const [oldest] = rows.keys()
          if (rows.size >= maxRecords && oldest !== undefined) rows.delete(oldest)
        })
        await store.insert(record)
      },
    })),
  },
  {
    mistake: 'does not tell the case of letters in ids',
    noticedBy: 'keeps ids apart that differ in case only',
    tamper: overriding((store) => ({
      insert: (record) => store.insert({ ...record, id: record.id.toLowerCase() as TicketId }),
      redeem: async (id, now) => {
        const outcome = await store.redeem(id.toLowerCase() as TicketId, now)
        return outcome.kind === 'redeemed' ? { kind: 'redeemed', record: { ...outcome.record, id } } : outcome
      },
    })),
  },
  {
    mistake: 'cuts off the first character of ids',
    noticedBy: 'keeps ids apart that differ in one character',
    tamper: overriding((store) => ({
      insert: (record) => store.insert({ ...record, id: record.id.slice(1) as TicketId }),
      redeem: async (id, now) => {
        const outcome = await store.redeem(id.slice(1) as TicketId, now)
        return outcome.kind === 'redeemed' ? { kind: 'redeemed', record: { ...outcome.record, id } } : outcome
      },
    })),
  },
  {
    mistake: 'drops members that are null',
    noticedBy: 'returns null where a member of a record is null',
    tamper: overriding((store) => ({
      redeem: async (id, now) => {
        const outcome = await store.redeem(id, now)
        if (outcome.kind !== 'redeemed') return outcome
        const kept = Object.entries(outcome.record).filter(([, value]) => value !== null)
        return { kind: 'redeemed', record: Object.fromEntries(kept) as never }
      },
    })),
  },
  {
    mistake: 'has no column for the lock',
    noticedBy: 'returns the lock of a locked ticket as it was',
    tamper: overriding((store) => ({ insert: (record) => store.insert({ ...record, lock: null }) })),
  },
  {
    mistake: 'has a column for the text of claims that cannot hold NUL',
    noticedBy: 'returns claims with control characters, quotes and lone surrogates as they were',
    tamper: overriding((store) => ({
      insert: (record) =>
        store.insert({ ...record, claims: JSON.parse(JSON.stringify(record.claims).replaceAll('\\u0000', '')) }),
    })),
  },
  {
    mistake: 'has a column for the text of claims that is too short',
    noticedBy: 'returns 4 KiB of claims as they were',
    tamper: overriding((store) => ({
      insert: async (record) => {
        if (JSON.stringify(record.claims).length > 4000) throw new StoreError('capacity', 'the claims are too long')
        await store.insert(record)
      },
    })),
  },
  {
    mistake: 'says more in an outcome than it should',
    noticedBy: 'says no more in an outcome than its kind and, where there is one, the record',
    tamper: overriding((store) => ({
      redeem: async (id, now) => Object.assign(await store.redeem(id, now), { attempts: 1 }),
    })),
  },
  {
    mistake: 'takes its namespace for a pattern when it sweeps',
    noticedBy: 'takes a name of glob and SQL metacharacters as it is, or refuses it at once',
    tamper: overriding((_, { client, namespace }) => ({
      sweep: (now) =>
        client.run((rows) => {
          const pattern = new RegExp(`^${namespace.replace(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`)
          const expired = [...rows].filter(([, row]) => pattern.test(row.namespace) && now >= row.expiresAt)
          for (const [key] of expired) rows.delete(key)
          return expired.length
        }),
    })),
  },
  {
    mistake: 'sweeps every namespace that begins like its own',
    noticedBy: 'sees nothing of a namespace whose name begins like its own',
    tamper: overriding((_, { client, namespace }) => ({
      sweep: (now) =>
        client.run((rows) => {
          const expired = [...rows].filter(([key, row]) => key.startsWith(namespace) && now >= row.expiresAt)
          for (const [key] of expired) rows.delete(key)
          return expired.length
        }),
    })),
  },
  {
    mistake: 'hides what it holds from those who look for tickets in it',
    noticedBy: 'holds nothing from which a ticket could be told',
    tamper: overriding((store) => ({
      insert: (record) => store.insert({ ...record, subject: 'hidden' as never }),
    })),
  },
]
