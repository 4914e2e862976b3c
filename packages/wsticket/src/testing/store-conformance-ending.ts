/**
 * Store suite: how a store ends, and what it does while its engine is away.
 * @module
 */
import type { EpochMs } from '../clock.ts'
import type { TicketStore } from '../ticket-store.ts'
import { ConformanceFailure, within } from './conformance-case.ts'
import { expectEqual, expectStoreError } from './store-expectations.ts'
import { having, newId, type StoreCase, sampleRecord } from './store-harness.ts'

type Asked = readonly [method: string, ask: () => Promise<unknown>]

/** Everything that a store can be asked, each of it once; a write first. */
function askEverything(store: TicketStore, now: EpochMs): readonly [Asked, ...Asked[]] {
  return [
    ['insert', () => store.insert(sampleRecord(now))],
    ['redeem', () => store.redeem(newId(), now)],
    ['read', () => store.read(newId(), now)],
    ['revoke', () => store.revoke(newId(), now)],
    ['sweep', () => store.sweep(now)],
    ['inspect', () => store.inspect()],
  ]
}

/** The longest that a store may take to say that its engine is away, in milliseconds; so long for each question. */
const patienceMs = 15_000

async function expectUnavailable([method, ask]: Asked, longestMs = patienceMs): Promise<void> {
  const answer = within(longestMs, `${method} while the engine is away`, ask())
  // Where the engine sweeps by itself there is nothing to fail.
  if (method === 'sweep' && (await answer.catch(() => null)) === 0) return
  await expectStoreError(`${method} while the engine is away`, answer, 'unavailable')
}

/** How a store ends. */
export const endingCases: readonly StoreCase[] = [
  {
    name: 'has a name for the audit, in lower case',
    run: async ({ open }) => {
      const { name } = await open()
      if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new ConformanceFailure(`the name is ${JSON.stringify(name)}`)
    },
  },
  {
    name: 'says what it runs on, and what holds there',
    run: async ({ open }) => {
      const { engine, guarantee, weaknesses } = await (await open()).inspect()
      if (!/^[a-z]/.test(engine)) throw new ConformanceFailure(`the engine is ${JSON.stringify(engine)}`)
      if (!guarantee.endsWith('.')) throw new ConformanceFailure('the guarantee is no sentence')
      if (!weaknesses.every((weakness) => weakness.endsWith('.')))
        throw new ConformanceFailure('a weakness is no sentence')
    },
  },
  {
    name: 'closes twice without complaint',
    run: async ({ open }) => {
      const store = await open()
      await store.close()
      await store.close()
    },
  },
  {
    name: 'does nothing after it was closed but say so',
    run: async ({ open, clock }) => {
      const store = await open()
      await store.close()
      for (const [method, ask] of askEverything(store, clock.now())) {
        await expectStoreError(`${method} after close`, ask(), 'closed')
      }
    },
  },
  {
    name: 'leaves the client open that it was handed',
    needs: ['handedInClient'],
    run: async ({ open, capabilities }) => {
      const store = await open()
      await store.close()
      expectEqual('the client works', await having(capabilities.handedInClient)(), true)
    },
  },
  {
    name: 'says that its engine is away, and never that a ticket is unknown',
    needs: ['outage'],
    run: async ({ open, clock, capabilities }) => {
      const store = await open()
      const outage = having(capabilities.outage)
      await outage.begin()
      try {
        // The first one alone: an engine that is locked may answer who reads, until the store has noticed.
        const [first, ...others] = askEverything(store, clock.now())
        await expectUnavailable(first)
        // The others at once, for each may take its deadline; a store may also put them in a line.
        const answers = others.map((asked) => expectUnavailable(asked, others.length * patienceMs))
        // All are waited for, also where one fails: none may still be asking when the engine comes back.
        await Promise.allSettled(answers)
        await Promise.all(answers)
      } finally {
        await outage.end()
      }
    },
  },
  {
    name: 'spends a ticket at most once, also when its engine goes away in between',
    needs: ['outage'],
    run: async ({ open, clock, capabilities }) => {
      const store = await open()
      const outage = having(capabilities.outage)
      const record = sampleRecord(clock.now())
      await store.insert(record)
      const redeemed = store.redeem(record.id, clock.now()).catch(() => null)
      await outage.begin()
      const during = store.redeem(record.id, clock.now()).catch(() => null)
      const outcomes = [await within(patienceMs, 'redeem', redeemed), await within(patienceMs, 'redeem', during)]
      await outage.end()
      outcomes.push(await store.redeem(record.id, clock.now()), await store.redeem(record.id, clock.now()))
      const times = outcomes.filter((outcome) => outcome?.kind === 'redeemed').length
      if (times > 1) throw new ConformanceFailure(`the ticket was redeemed ${times} times`)
    },
  },
  {
    name: 'works again when its engine is back',
    needs: ['outage'],
    run: async ({ open, clock, capabilities }) => {
      const store = await open()
      const outage = having(capabilities.outage)
      await outage.begin()
      await outage.end()
      const record = sampleRecord(clock.now())
      await store.insert(record)
      expectEqual('redeem', await store.redeem(record.id, clock.now()), { kind: 'redeemed', record })
    },
  },
]
