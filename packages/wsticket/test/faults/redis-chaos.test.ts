/**
 * Three servers that are promoted, demoted, killed, restarted from old snapshots and frozen at random, with tickets issued and
 * presented everywhere in between: what nobody thought of. The seed of a run is in its title.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isInStep, type RedisServer } from 'wsticket-engines/redis'
import type { RedisDriver } from '../../src/redis-driver.ts'
import type { TicketId } from '../../src/ticket.ts'
import { issueAll } from './issuing.ts'
import { long } from './proof-size.ts'
import { connectServer } from './redis-clients.ts'
import { fenced, naive, type StoreKind, saveSnapshot, startNode } from './redis-harness.ts'
import { createTally } from './tally.ts'

const seeds = Array.from({ length: long ? 25 : 2 }, (_, index) => index + 1)
const steps = long ? 200 : 60
// As many as may be outstanding: of older ones nobody has heard for long.
const recentTickets = 80
// So many acts, and then everything is presented everywhere.
const actsTogether = 6
const kinds: readonly StoreKind[] = [fenced, naive]

type Random = (below: number) => number

/** Mulberry32. */
function createRandom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Act = (node: RedisServer, other: RedisServer) => Promise<unknown>

const promote: Act = (node) => node.command('REPLICAOF', 'NO', 'ONE')
const follow: Act = (node, other) => node.command('REPLICAOF', '127.0.0.1', String(other.port))

const acts: readonly Act[] = [
  promote,
  promote,
  follow,
  async (node, other) => {
    await follow(node, other)
    for (let tries = 0; tries < 25 && !(await isInStep(node)); tries += 1) await pause(20)
  },
  (node) => node.command('REPLICAOF', '127.0.0.1', '1'),
  (node) => saveSnapshot(node),
  async (node) => {
    await node.stop('SIGKILL')
    await node.restart()
  },
  async (node, other) => {
    await node.stop('SIGKILL')
    await node.restart()
    await follow(node, other)
  },
  async (node, other) => {
    node.freeze()
    await promote(other, node)
    node.thaw()
  },
  (node, other) => node.command('FAILOVER', 'TO', '127.0.0.1', String(other.port), 'FORCE', 'TIMEOUT', '100'),
  (node) => node.command('CLIENT', 'KILL', 'TYPE', 'replica'),
  (node) => node.command('DEBUG', 'CHANGE-REPL-ID'),
]

interface Stage {
  readonly nodes: readonly RedisServer[]
  readonly drivers: readonly RedisDriver[]
  readonly random: Random
}

async function setStage(seed: number): Promise<Stage> {
  const nodes = [await startNode(), await startNode(), await startNode()]
  const connected = await Promise.all(nodes.map(connectServer))
  for (const { close } of connected) onTestFinished(close)
  return { nodes, drivers: connected.flatMap(({ drivers }) => drivers), random: createRandom(seed) }
}

async function oneAct({ nodes, random }: Stage): Promise<void> {
  const from = random(nodes.length)
  const node = nodes[from] as RedisServer
  const other = nodes[(from + 1 + random(nodes.length - 1)) % nodes.length] as RedisServer
  // Not every act is possible at every moment.
  await (acts[random(acts.length)] as Act)(node, other).catch(() => {})
}

async function whenReady(drivers: readonly RedisDriver[]): Promise<void> {
  await Promise.race([Promise.all(drivers.map((driver) => driver.ready())), pause(1000)])
}

describe.each(seeds)('at random, seed %i', (seed) => {
  it('the store admits no ticket twice, and a store of SET and GETDEL does', async () => {
    const stage = await setStage(seed)
    const { drivers, random } = stage
    const tallies = kinds.map(() => createTally())
    const issued: TicketId[][] = kinds.map(() => [])
    const issueSome = async () => {
      const driver = drivers[random(drivers.length)] as RedisDriver
      // Not every server takes tickets at every moment.
      for (const [index, kind] of kinds.entries())
        issued[index]?.push(...(await issueAll(kind.create(driver), 4).catch(() => [])))
    }
    // New stores each time: one whose server was a replica a moment ago does not ask it for a while.
    const present = (at: readonly RedisDriver[], choose: () => boolean) =>
      Promise.all(
        kinds.map((kind, index) => {
          const ids = (issued[index] ?? []).slice(-recentTickets).filter(choose)
          return tallies[index]?.present(
            ids,
            at.map((driver) => kind.create(driver)),
          )
        }),
      )
    for (let step = 0; step < steps; step += 1) {
      await issueSome()
      await oneAct(stage)
      await whenReady(drivers)
      // A few, on one node: the others have them pending still when the next thing happens.
      const node = random(stage.nodes.length)
      await present(drivers.slice(2 * node, 2 * node + 2), () => random(8) === 0)
      if (step % actsTogether === actsTogether - 1) await present(drivers, () => true)
    }
    await Promise.all(stage.nodes.map((node) => node.command('REPLICAOF', 'NO', 'ONE')))
    await present(drivers, () => true)
    expect(tallies.map(({ admittedTwice }) => admittedTwice > 0)).toEqual([false, true])
    expect(tallies[0]?.admitted).toBeGreaterThan(steps / 4)
  })
})
