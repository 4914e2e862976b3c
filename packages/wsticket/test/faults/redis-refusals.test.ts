/**
 * A server that answers, but not what was asked for (F15, F16): it is full, busy, loading, a replica, or has forgotten the scripts.
 */
import { describe, expect, it } from 'vitest'
import { heldUpMs } from 'wsticket-engines/held-up'
import type { RedisServer } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { noClaims } from '../../src/claims.ts'
import { systemClock } from '../../src/clock.ts'
import { ConfigurationError, StoreError } from '../../src/errors.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { issueOne } from './issuing.ts'
import {
  backWithinMs,
  dropping,
  fenced,
  issue,
  patient,
  type StoreKind,
  scriptsRunBy,
  settledWithinMs,
  startNode,
  storesAt,
  ticketCount,
} from './redis-harness.ts'
import { createTally } from './tally.ts'

interface Stage {
  readonly node: RedisServer
  readonly stores: readonly TicketStore[]
  readonly ids: TicketId[]
}

async function start(kind: StoreKind<TicketStore>, ...more: string[]): Promise<Stage> {
  const node = await startNode({ arguments: more })
  const stores = await storesAt(kind, node)
  return { node, stores, ids: await issue(stores[0]) }
}

/** Resolves when new tickets are issued and admitted again by every store, and says how long that took in milliseconds. */
async function recovery(stores: readonly TicketStore[]): Promise<number> {
  const startedAt = performance.now()
  for (const store of stores)
    await until('new tickets are good again', async () => {
      const { id } = await issueOne(store)
      return (await store.redeem(id, systemClock())).kind === 'redeemed'
    })
  return performance.now() - startedAt
}

async function isRefused(node: RedisServer, how: string): Promise<boolean> {
  return node.command('GET', 'any').then(
    () => false,
    (error: Error) => error.message.startsWith(`${how} `),
  )
}

describe('a server that evicts', () => {
  const policies = ['allkeys', 'volatile'].flatMap((keys) => ['lru', 'lfu', 'random'].map((how) => `${keys}-${how}`))
  it.each([...policies, 'volatile-ttl'])('is refused with %s', async (policy) => {
    const node = await startNode({ arguments: ['--maxmemory', '64mb', '--maxmemory-policy', policy] })
    for (const store of await storesAt(patient, node)) {
      await expect(store.inspect()).rejects.toThrow(ConfigurationError)
      await expect(store.inspect()).rejects.toThrow(/noeviction/)
      await expect(issueOne(store)).rejects.toThrow(StoreError)
    }
    expect(await node.command('DBSIZE')).toBe('0')
  })
})

describe('a server that has reached maxmemory', () => {
  it('takes no new ticket, says so as capacity, and admits the old ones once each', async () => {
    const { node, stores, ids } = await start(patient, '--maxmemory-policy', 'noeviction')
    const [store] = stores
    await node.command('CONFIG', 'SET', 'maxmemory', '1')
    for (const each of stores) await expect(issueOne(each)).rejects.toMatchObject({ code: 'capacity' })
    const revoked = ids.slice(0, 2)
    for (const id of revoked) expect(await store?.revoke(id, systemClock())).toBe(true)
    const rest = ids.slice(2)
    const tally = createTally()
    expect(await tally.present(rest, stores)).toEqual({ redeemed: rest.length, spent: 3 * rest.length })
    expect(await tally.present(revoked, stores)).toEqual({ revoked: 4 * revoked.length })
    await node.command('CONFIG', 'SET', 'maxmemory', '0')
    expect(await recovery(stores)).toBeLessThan(backWithinMs + heldUpMs())
  })

  it('drops no ticket, however it is filled', async () => {
    const { node, stores, ids } = await start(patient, '--maxmemory-policy', 'noeviction')
    await node.command('CONFIG', 'SET', 'maxmemory', '4mb')
    const claims = { filler: 'x'.repeat(4000), ...noClaims }
    const fill = async () => {
      for (;;) await stores[0]?.insert(sampleRecord(systemClock(), { claims }))
    }
    await expect(fill()).rejects.toMatchObject({ code: 'capacity' })
    expect(await createTally().present(ids, stores)).toEqual({ redeemed: ticketCount, spent: 3 * ticketCount })
  })
})

describe.each(['yes', 'no'])(
  'a primary that is made a replica under its clients (replica-read-only %s)',
  (readOnly) => {
    it('admits nobody then, and voids its tickets when it is promoted again', async () => {
      const { node, stores, ids } = await start(patient, '--replica-read-only', readOnly)
      await node.command('REPLICAOF', '127.0.0.1', '1')
      const tally = createTally()
      expect(await tally.present(ids, stores)).toEqual({ unavailable: 4 * ticketCount })
      await node.command('REPLICAOF', 'NO', 'ONE')
      expect(await recovery(stores)).toBeLessThan(backWithinMs + heldUpMs())
      expect(await tally.present(ids, stores)).toEqual({ unknown: 4 * ticketCount })
    })
  },
)

describe('a server that has forgotten the scripts', () => {
  it('is given them again, and no caller notices', async () => {
    const { node, stores, ids } = await start(patient)
    const tally = createTally()
    let presented = false
    const flushing = (async () => {
      while (!presented) await node.command('SCRIPT', 'FLUSH')
    })()
    const answers = await tally.present(ids, stores)
    presented = true
    await flushing
    expect(answers).toEqual({ redeemed: ticketCount, spent: 3 * ticketCount })
  })
})

describe('a server that is loading', () => {
  it('admits nobody until it has done, and then each ticket once', async () => {
    const { node, stores, ids } = await start(patient, '--loading-process-events-interval-bytes', '1024')
    // 20 ms for each key: long enough to be asked meanwhile, by whoever stands still in between, too.
    for (let filler = 0; filler < 1000; filler += 1) await node.command('SET', `filler:${filler}`, 'x'.repeat(100))
    await node.command('CONFIG', 'SET', 'key-load-delay', '20000')
    const reloaded = node.command('DEBUG', 'RELOAD')
    await until('it is loading', () => isRefused(node, 'LOADING'))
    const tally = createTally()
    await tally.present(ids, stores)
    const unavailable = tally.admitted === 0
    await node.command('CONFIG', 'SET', 'key-load-delay', '0')
    await reloaded
    await recovery(stores)
    await tally.present(ids, stores)
    expect({ unavailable, admitted: tally.admitted, twice: tally.admittedTwice }).toEqual({
      unavailable: true,
      admitted: ticketCount,
      twice: 0,
    })
  })
})

describe('a server that is busy with a script', () => {
  it('admits nobody then, and each ticket at most once', async () => {
    const { node, stores, ids } = await start(fenced, '--busy-reply-threshold', '100')
    const busy = node.command('EVAL', 'while true do end', '0').catch((error) => error.message)
    await until('it is busy', () => isRefused(node, 'BUSY'))
    const tally = createTally()
    const startedAt = performance.now()
    const answers = await tally.present(ids, stores)
    expect(answers).toEqual({ unavailable: 4 * ticketCount })
    expect(performance.now() - startedAt).toBeLessThan(2 * settledWithinMs + heldUpMs())
    await until('the script is killed', () => node.command('SCRIPT', 'KILL').catch(() => null))
    expect(await busy).toMatch(/killed/)
    expect(await recovery(stores)).toBeLessThan(backWithinMs + heldUpMs())
    await tally.present(ids, stores)
    expect(tally.admittedTwice).toBe(0)
  })
})

describe('a server that stands still', () => {
  it('is waited for until the deadline, and what it does later admits nobody', async () => {
    const { node, stores, ids } = await start(fenced)
    node.freeze()
    const tally = createTally()
    const slowest = await Promise.all(
      ids.map(async (id, index) => {
        const startedAt = performance.now()
        const store = stores[index % stores.length] as TicketStore
        expect(await tally.redeem(store, id)).toBe('unavailable')
        return performance.now() - startedAt
      }),
    )
    expect(Math.max(...slowest)).toBeLessThan(settledWithinMs + heldUpMs())
    node.thaw()
    expect(await recovery(stores)).toBeLessThan(backWithinMs + heldUpMs())
    await tally.present(ids, stores)
    expect(tally.admittedTwice).toBe(0)
  })
})

describe('a server that drops its connections after it was asked and before it has answered', () => {
  it('is sent no redemption twice: what had no reply admits nobody', async () => {
    const { node, stores, ids } = await start(patient)
    await recovery(stores)
    const tally = createTally()
    const answers = await dropping(node, () =>
      Promise.all(ids.map((id, index) => tally.redeem(stores[index % stores.length] as TicketStore, id))),
    )
    expect(answers).toEqual(ids.map(() => 'unavailable'))
    expect(await scriptsRunBy(node)).toBeLessThanOrEqual(ids.length)
    expect(await recovery(stores)).toBeLessThan(backWithinMs + heldUpMs())
    await tally.present(ids, stores)
    expect(tally.admittedTwice).toBe(0)
  })
})

describe('a server that lets nobody see INFO', () => {
  it('is of no use, and says so', async () => {
    const node = await startNode()
    await node.command('ACL', 'SETUSER', 'default', '-info')
    for (const store of await storesAt(patient, node)) {
      await expect(issueOne(store)).rejects.toThrow(StoreError)
      await expect(store.inspect()).rejects.toThrow(/INFO|info/)
    }
  })
})
