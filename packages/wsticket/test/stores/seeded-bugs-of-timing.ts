/**
 * Stores that do things too early, too late, too often, or in two steps.
 * @module
 */
import type { EpochMs } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import type { TicketId } from '../../src/ticket.ts'
import { overriding, type SeededBug } from './seeded-bug.ts'
import { type EngineStoreOptions, keyOf, type Row } from './simulated-engine.ts'

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

export const bugsOfTiming: readonly SeededBug[] = [
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
]
