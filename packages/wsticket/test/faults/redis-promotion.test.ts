/**
 * Primaries that stop being one, and replicas that become one (F9 to F11, F16): by hand, so that every step can be put where
 * it hurts most. With sentinels: redis-sentinel.test.ts; in a cluster: redis-cluster.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { isInStep, type RedisServer } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { issueAll } from './issuing.ts'
import {
  controls,
  halves,
  issue,
  naive,
  patient,
  replicated,
  type StoreKind,
  saveSnapshot,
  startNode,
  storesAt,
  storesAtAll,
  ticketCount,
} from './redis-harness.ts'
import { type Answers, createTally, type Tally } from './tally.ts'

/** A primary, and a replica that has everything that the primary had when the tickets were issued. */
interface Pair {
  readonly primary: RedisServer
  readonly replica: RedisServer
}

interface Promotion {
  readonly name: string
  /** Options of the replica. */
  readonly arguments?: readonly string[]
  /** When all tickets are issued and replicated: what happens before half of them are redeemed. */
  readonly before: (pair: Pair) => Promise<void>
  /** Thereafter: resolves with the nodes that the tickets are presented to then. */
  readonly after: (pair: Pair) => Promise<RedisServer[]>
  /** The controls that admit a ticket twice then: the proof that the scenario is one. */
  readonly catches: readonly StoreKind[]
  /** Whether the reign that issued the tickets goes on somewhere. */
  readonly goesOn: boolean
}

const promotions: readonly Promotion[] = [
  {
    name: 'the replica is promoted while the primary stays writable, its link cut before tickets are redeemed',
    before: cutLink,
    async after({ primary, replica }) {
      await promote(replica)
      return [primary, replica]
    },
    catches: controls,
    goesOn: true,
  },
  {
    name: 'the replica is promoted first, and tickets are redeemed on the primary that does not know',
    before: ({ replica }) => promote(replica),
    after: async ({ primary, replica }) => [replica, primary],
    catches: controls,
    goesOn: true,
  },
  {
    name: 'the primary is killed (kill -9) with redemptions that the replica never got, which is promoted',
    before: cutLink,
    async after({ primary, replica }) {
      await primary.stop('SIGKILL')
      await promote(replica)
      return [replica]
    },
    catches: controls,
    goesOn: false,
  },
  {
    name: 'the primary is frozen, the replica promoted, and the primary comes back as if nothing had been',
    before: cutLink,
    async after({ primary, replica }) {
      primary.freeze()
      await promote(replica)
      primary.thaw()
      return [primary, replica]
    },
    catches: controls,
    goesOn: true,
  },
  {
    name: 'the primary becomes a replica of the promoted one, and is promoted again, with what it was given',
    before: cutLink,
    async after({ primary, replica }) {
      await promote(replica)
      await follow(primary, replica)
      await promote(primary)
      return [primary, replica]
    },
    catches: controls,
    goesOn: false,
  },
  {
    name: 'the replica restarts from its snapshot, which has the identity of the primary, and is promoted',
    async before({ replica }) {
      await saveSnapshot(replica)
      await replica.stop('SIGKILL')
    },
    async after({ primary, replica }) {
      // Frozen, the primary cannot give it the redemptions; the identity of the primary is all that it has.
      primary.freeze()
      await replica.restart()
      expect(await replica.command('INFO', 'replication')).toMatch(/role:slave/)
      await promote(replica)
      primary.thaw()
      return [primary, replica]
    },
    catches: controls,
    goesOn: true,
  },
  {
    name: 'a replica that takes writes (replica-read-only no), with the identity of its primary',
    arguments: ['--replica-read-only', 'no'],
    before: cutLink,
    after: async ({ primary, replica }) => [primary, replica],
    // Without its fence, ours still looks at the role of a server before the first question.
    catches: [naive],
    goesOn: true,
  },
  {
    name: 'FAILOVER, with everything replicated',
    before: async () => {},
    async after({ primary, replica }) {
      await primary.command('FAILOVER', 'TO', '127.0.0.1', String(replica.port), 'TIMEOUT', '5000')
      await until('the roles are swapped', async () => (await primary.command('ROLE')).startsWith('slave'))
      await until('the old primary follows', () => isInStep(primary))
      return [replica]
    },
    catches: [],
    goesOn: false,
  },
  {
    name: 'the primary is made a replica of nobody in particular, and promoted again',
    before: async () => {},
    async after({ primary }) {
      await primary.command('REPLICAOF', '127.0.0.1', '1')
      await promote(primary)
      return [primary]
    },
    catches: [],
    goesOn: false,
  },
]

/** The replica keeps what it has, and gets nothing more. */
async function cutLink({ replica }: Pair): Promise<void> {
  await replica.command('REPLICAOF', '127.0.0.1', '1')
}

async function promote(node: RedisServer): Promise<void> {
  await node.command('REPLICAOF', 'NO', 'ONE')
}

async function follow(node: RedisServer, primary: RedisServer): Promise<void> {
  await node.command('REPLICAOF', '127.0.0.1', String(primary.port))
  await until('it follows', () => isInStep(node))
}

async function startPair(more: readonly string[] = []): Promise<Pair> {
  const primary = await startNode()
  return { primary, replica: await startNode({ replicaOf: primary.port, arguments: more }) }
}

interface Result {
  readonly tally: Tally
  readonly pending: Answers
  readonly spent: Answers
}

async function run(promotion: Promotion, kind: StoreKind): Promise<Result> {
  const pair = await startPair(promotion.arguments)
  const stores = await storesAt(kind, pair.primary)
  const { spent, pending } = halves(await issue(stores[0]))
  await replicated(pair.primary, pair.replica)
  await promotion.before(pair)
  const tally = createTally()
  await tally.present(spent, stores)
  const after = await storesAtAll(kind, await promotion.after(pair))
  return { tally, spent: await tally.present(spent, after), pending: await tally.present(pending, after) }
}

describe.each(promotions)('$name', (promotion) => {
  it('admits no ticket twice, and none but where it was issued', async () => {
    const { tally, pending, spent } = await run(promotion, patient)
    const half = ticketCount / 2
    expect(tally.admittedTwice).toBe(0)
    expect(tally.admitted).toBe(promotion.goesOn ? 2 * half : half)
    expect(spent.redeemed).toBeUndefined()
    expect(pending.redeemed).toBe(promotion.goesOn ? half : undefined)
  })

  it.each(controls)('is a scenario: $name shows it', async (kind) => {
    const { tally } = await run(promotion, kind)
    expect(tally.admittedTwice > 0).toBe(promotion.catches.includes(kind))
  })
})

describe('a replica', () => {
  it('admits nobody, and says so as a fault', async () => {
    const { primary, replica } = await startPair()
    const [store] = await storesAt(patient, primary)
    const ids = await issue(store)
    await replicated(primary, replica)
    const answers = await createTally().present(ids, await storesAt(patient, replica))
    expect(answers).toEqual({ unavailable: 4 * ticketCount })
  })
})

describe('the identity of a primary that stays one', () => {
  it('changes when its first replica comes: its tickets are void, once', async () => {
    const node = await startNode()
    const stores = await storesAt(patient, node)
    const ids = await issue(stores[0])
    await startNode({ replicaOf: node.port })
    const tally = createTally()
    expect(await tally.present(ids, stores)).toEqual({ unknown: 4 * ticketCount })
    const later = await issueAll(stores[0], ticketCount)
    await startNode({ replicaOf: node.port })
    expect(await tally.present(later, stores)).toEqual({ redeemed: ticketCount, spent: 3 * ticketCount })
  })

  it('changes when it has had no replica for repl-backlog-ttl: its tickets are void, once', async () => {
    const { primary, replica } = await startPair()
    const stores = await storesAt(patient, primary)
    const ids = await issue(stores[0])
    await primary.command('CONFIG', 'SET', 'repl-backlog-ttl', '1')
    await replica.stop('SIGKILL')
    await until('the backlog is dropped', async () =>
      /repl_backlog_active:0/.test(await primary.command('INFO', 'replication')),
    )
    expect(await createTally().present(ids, stores)).toEqual({ unknown: 4 * ticketCount })
  })
})
