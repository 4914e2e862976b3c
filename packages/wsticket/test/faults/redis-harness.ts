/**
 * Redis servers, and the stores on them that are put to the proof: ours, and two that must be caught.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { type RedisOptions, type RedisServer, startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import type { RedisDriver } from '../../src/redis-driver.ts'
import { createRedisStore } from '../../src/stores/redis.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { issueAllInTime } from './issuing.ts'
import { createNaiveRedisStore } from './naive-redis-store.ts'
import { long } from './proof-size.ts'
import { type Connected, connectServer } from './redis-clients.ts'

/** As much of a store as issues and admits. */
export type Spender = Pick<TicketStore, 'insert' | 'redeem'>

/** A way to keep tickets in Redis. */
export interface StoreKind<Store extends Spender = Spender> {
  readonly name: string
  readonly create: (driver: RedisDriver, prefix?: string) => Store
}

/** How many tickets go through each scenario. */
export const ticketCount = long ? 500 : 30

/** How long our store waits for an answer where that is timed, in milliseconds. */
const deadlineMs = 1000

/** The same where nothing is timed. */
const patientMs = 10_000

/** What is not decided within the deadline is refused soon after, also where the machine is busy. */
export const settledWithinMs = deadlineMs + 1500

/** How soon tickets are issued and redeemed again after an outage, in milliseconds. */
export const backWithinMs = 5000

const usualPrefix = 'wsticket:'

/** Ours. */
export const fenced: StoreKind<TicketStore> = {
  name: 'the store',
  create: (driver, prefix = usualPrefix) => createRedisStore(driver, { prefix, deadlineMs }),
}

/** Ours, where nothing is timed: a machine that stands still for two seconds decides nothing. */
export const patient: StoreKind<TicketStore> = {
  name: 'the store',
  create: (driver, prefix = usualPrefix) => createRedisStore(driver, { prefix, deadlineMs: patientMs }),
}

/** Ours, with the fence taken down. */
const unfenced: StoreKind = {
  name: 'the store with its fence taken down',
  create: (driver, prefix = usualPrefix) =>
    createRedisStore(driver, { prefix, deadlineMs: patientMs, epochFence: 'none_may_admit_twice' }),
}

/** What many have. */
export const naive: StoreKind = {
  name: 'a store of SET and GETDEL',
  create: (driver, prefix = usualPrefix) => createNaiveRedisStore(driver, prefix),
}

/** What must be caught: wherever a spent ticket can come back, these admit it again. */
export const controls: readonly StoreKind[] = [unfenced, naive]

/** The same, with keys that begin otherwise. */
export function withPrefix<Store extends Spender>(kind: StoreKind<Store>, prefix: string): StoreKind<Store> {
  return { ...kind, create: (driver) => kind.create(driver, prefix) }
}

/** Starts a server that ends with the test. */
export async function startNode(options?: RedisOptions): Promise<RedisServer> {
  const node = await startRedis(options)
  onTestFinished(node.dispose)
  return node
}

/** Stores of one kind over both clients, which are closed with the test. */
export async function storesOver<Store extends Spender>(
  kind: StoreKind<Store>,
  connected: Promise<Connected>,
): Promise<[Store, Store]> {
  const { drivers, close } = await connected
  onTestFinished(close)
  return [kind.create(drivers[0]), kind.create(drivers[1])]
}

/** Stores on one node, over new connections. */
export function storesAt<Store extends Spender>(kind: StoreKind<Store>, node: RedisServer): Promise<[Store, Store]> {
  return storesOver(kind, connectServer(node))
}

/** The same on several nodes. */
export async function storesAtAll(kind: StoreKind, nodes: readonly RedisServer[]): Promise<Spender[]> {
  const stores = await Promise.all(nodes.map((node) => storesAt(kind, node)))
  return stores.flat()
}

/** Issues tickets. */
export function issue(store: Pick<TicketStore, 'insert'>, count = ticketCount): Promise<TicketId[]> {
  return issueAllInTime(store, count)
}

/** The tickets of which every second is redeemed before something happens. */
export function halves(ids: readonly TicketId[]): { readonly spent: TicketId[]; readonly pending: TicketId[] } {
  return {
    spent: ids.filter((_, index) => index % 2 === 0),
    pending: ids.filter((_, index) => index % 2 === 1),
  }
}

/** Writes everything that a node has to its `dump.rdb`. */
export async function saveSnapshot(node: RedisServer): Promise<void> {
  await node.command('BGSAVE')
  await until('the snapshot is there', async () =>
    /rdb_bgsave_in_progress:0[\s\S]*rdb_last_bgsave_status:ok/.test(await node.command('INFO', 'persistence')),
  )
}

/** Resolves when a replica has what its primary has. */
export async function replicated(primary: RedisServer, replica: RedisServer): Promise<void> {
  await until('the replica has everything', async () => {
    const offsets = await Promise.all([primary, replica].map(offsetOf))
    return offsets[0] === offsets[1]
  })
}

async function offsetOf(node: RedisServer): Promise<string | undefined> {
  return /master_repl_offset:(\d+)/.exec(await node.command('INFO', 'replication'))?.[1]
}

/**
 * Lets a node stand still, asks it something, and has it drop every connection in the moment in which it goes on. Counts anew
 * what it is asked.
 */
export async function dropping<Answer>(node: RedisServer, ask: () => Promise<Answer>): Promise<Answer> {
  const administrator = new Redis(node.port)
  onTestFinished(() => administrator.disconnect())
  await administrator.config('RESETSTAT')
  node.freeze()
  const answer = ask()
  const dropped = administrator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  // Both are on their way before it goes on.
  await pause(50)
  node.thaw()
  await dropped
  return answer
}

/** How many scripts a node was asked to run by their SHA-1, since it began to count. */
export async function scriptsRunBy(node: RedisServer): Promise<number> {
  const stats = await node.command('INFO', 'commandstats')
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}
