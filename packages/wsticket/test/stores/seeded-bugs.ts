/**
 * Stores with one mistake each, and the case of the suite that has to notice it.
 * @module
 */
import type { EpochMs } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { type EngineStoreOptions, keyOf, parseRecord, type Row, type Tamper } from './simulated-engine.ts'

export interface SeededBug {
  /** Completes `the suite notices a store that ...`. */
  readonly mistake: string
  readonly noticedBy: string
  readonly tamper: Tamper
}

type Override = (store: TicketStore, options: EngineStoreOptions) => Partial<TicketStore>

function overriding(override: Override): Tamper {
  return (store, options) => ({ ...store, ...override(store, options) })
}

/** Changes the row of an id in one step; nothing happens where there is none. */
function change({ client, namespace }: EngineStoreOptions, id: TicketId, changing: (row: Row) => void): Promise<void> {
  return client.run((rows) => {
    const row = rows.get(keyOf(namespace, id))
    if (row !== undefined) changing(row)
  })
}

/** What a fault is taken for when somebody catches too much. */
async function unlessClosed<Answer>(promise: Promise<Answer>, otherwise: Answer): Promise<Answer> {
  return promise.catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'unavailable') return otherwise
    throw error
  })
}

function wholeSeconds(now: EpochMs): EpochMs {
  return (Math.floor(now / 1000) * 1000) as EpochMs
}

export const seededBugs: readonly SeededBug[] = [
  {
    mistake: 'spends a ticket at the millisecond of its expiry',
    noticedBy: 'finds a ticket expired at the very millisecond of its expiry',
    tamper: overriding((store) => ({ redeem: (id, now) => store.redeem(id, (now - 1) as EpochMs) })),
  },
  {
    mistake: 'finds a ticket expired one millisecond early',
    noticedBy: 'spends a ticket one millisecond before its expiry',
    tamper: overriding((store) => ({ redeem: (id, now) => store.redeem(id, (now + 1) as EpochMs) })),
  },
  {
    mistake: 'tells the time in seconds',
    noticedBy: 'counts lifetimes of less than a second in milliseconds',
    tamper: overriding((store) => ({ redeem: (id, now) => store.redeem(id, wholeSeconds(now)) })),
  },
  {
    mistake: 'goes by a clock of its own',
    noticedBy: "goes by the record's expiry and the time that it is told, where its own clock lags behind",
    tamper: overriding((store) => ({ redeem: (id) => store.redeem(id, Date.now() as EpochMs) })),
  },
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
    mistake: 'says that it revokes, and does not',
    noticedBy: 'revokes a pending ticket, which then opens nothing',
    tamper: overriding(() => ({ revoke: async () => true })),
  },
  {
    mistake: 'looks whether it can revoke, and revokes in a second step',
    noticedBy: 'lets one of two win when a ticket is redeemed and revoked at once',
    tamper: overriding((store, options) => ({
      revoke: async (id, now) => {
        const { kind } = await store.read(id, now)
        if (kind !== 'pending') return false
        await change(options, id, (row) => {
          row.state = 'revoked'
        })
        return true
      },
    })),
  },
  {
    mistake: 'revokes what is spent',
    noticedBy: 'has nothing to revoke of a spent ticket, which stays spent',
    tamper: overriding((_, options) => ({
      revoke: async (id) => {
        let found = false
        await change(options, id, (row) => {
          found = row.state !== 'revoked'
          row.state = 'revoked'
        })
        return found
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
    mistake: 'answers unknown when its engine is away',
    noticedBy: 'says that its engine is away, and never that a ticket is unknown',
    tamper: overriding((store) => ({
      redeem: (id, now) => unlessClosed(store.redeem(id, now), { kind: 'unknown' }),
    })),
  },
  {
    mistake: 'rejects with whatever its client throws',
    noticedBy: 'says that its engine is away, and never that a ticket is unknown',
    tamper: overriding((store, { client }) => ({
      read: (id, now) => client.run(() => null).then(() => store.read(id, now)),
    })),
  },
  {
    mistake: 'sends a redemption again when it does not hear of the first, and takes spent for its own',
    noticedBy: 'spends a ticket at most once, also when its engine goes away in between',
    tamper: overriding((store) => {
      const unsure = new Set<TicketId>()
      return {
        redeem: async (id, now) => {
          const state = unsure.has(id) ? await store.read(id, now) : null
          const outcome = await store.redeem(id, now).catch((error: unknown) => {
            unsure.add(id)
            throw error
          })
          return state !== null && state.kind !== 'unknown' ? { kind: 'redeemed', record: state.record } : outcome
        },
      }
    }),
  },
  {
    mistake: 'spends a ticket by reading it',
    noticedBy: 'reads a pending ticket as often as asked, and it is still good',
    tamper: overriding((store) => ({
      read: async (id, now) => {
        const state = await store.read(id, now)
        await store.redeem(id, now)
        return state
      },
    })),
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
    mistake: 'closes the client that it was handed',
    noticedBy: 'leaves the client open that it was handed',
    tamper: overriding((store, { client }) => ({
      close: async () => {
        await store.close()
        client.close()
      },
    })),
  },
  {
    mistake: 'complains when it is closed twice',
    noticedBy: 'closes twice without complaint',
    tamper: overriding((store) => {
      let closed = false
      return {
        close: async () => {
          if (closed) throw new StoreError('closed', 'the store is closed')
          closed = true
          await store.close()
        },
      }
    }),
  },
  {
    mistake: 'works on after it was closed',
    noticedBy: 'does nothing after it was closed but say so',
    tamper: overriding(() => ({ close: async () => {} })),
  },
  {
    mistake: 'keeps what it was told of the subject where it can be read, and nothing else',
    noticedBy: 'holds nothing from which a ticket could be told',
    tamper: overriding((store) => ({
      insert: (record) => store.insert({ ...record, subject: 'hidden' as never }),
    })),
  },
]
