/**
 * Who is faster: many verifiers at one ticket, on one server and on three (F1, F21).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { type NatsCluster, startNatsCluster } from 'wsticket-engines/nats-cluster'
import { until } from 'wsticket-engines/until'
import type { TicketId } from '../../src/ticket.ts'
import { issueAll } from './issuing.ts'
import {
  clientOf,
  createCompareAndSetStore,
  createFindThenDeleteStore,
  issue,
  type NatsClient,
  replicated,
  type Spender,
  storeAt,
  stream,
  ticketCount,
} from './nats-harness.ts'
import { long } from './proof-size.ts'
import { createTally } from './tally.ts'

const racersPerNode = 4
const rounds = long ? 20 : 2
const mostRounds = 100
// After a handover under load nats-server 2.9 was seen to have no leader for more than a minute.
const handoverMs = 180_000

let server: NatsServer
let cluster: NatsCluster
beforeAll(async () => {
  server = await startNats()
  cluster = await startNatsCluster()
})
afterAll(async () => {
  await cluster?.dispose()
  await server?.dispose()
})

/** Several handles on every server, each over a connection of its own. */
async function racersOf(open: (node: { readonly url: string }) => Promise<Spender>, on: 'one' | 'three') {
  const nodes = on === 'one' ? [server, server, server] : cluster.nodes
  const racers = Array.from({ length: racersPerNode }, () => nodes).flat()
  return Promise.all(racers.map(open))
}

/** Lets all of them present every ticket at once, several rounds of it. */
async function race(stores: readonly Spender[]) {
  const tally = createTally()
  const lost: TicketId[] = []
  for (let round = 0; round < rounds; round += 1) {
    // Refused while its breaker is open: of an answer that was late, on a machine that many share.
    const ids = await until('tickets are issued', () => issueAll(stores[0] as Spender, ticketCount))
    await tally.present(ids, stores)
    lost.push(...tally.lost(ids))
  }
  return { tally, lost }
}

/** The same, again and again until one is admitted twice: it is a matter of luck, and comes to that in a round or two. */
async function raceUntilTwice(stores: readonly Spender[]) {
  const tally = createTally()
  for (let round = 0; tally.admittedTwice === 0 && round < mostRounds; round += 1)
    await tally.present(await issue(stores[0] as Spender), stores)
  return tally
}

/** A bucket as key-value clients make it: one revision, nothing that keeps a key from being written again. */
async function plainBucket({ manager }: NatsClient, bucket: string, replicas: number): Promise<void> {
  await manager.streams.add({
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    max_msgs_per_subject: 1,
    discard: 'new',
    storage: replicas === 1 ? 'memory' : 'file',
    num_replicas: replicas,
  })
}

describe.each([
  ['one', 'server', 1],
  ['three', 'servers', 3],
] as const)('with %s %s, of 12 verifiers who present a ticket at once', (on, _, replicas) => {
  it('one is admitted', async () => {
    const stores = await racersOf((node) => storeAt([node], replicas === 1 ? {} : replicated), on)
    const { tally, lost } = await race(stores)
    expect(tally.admittedTwice).toBe(0)
    // Each by one, or whoever was not told in time may have been the one.
    expect(lost).toEqual([])
    expect(tally.admitted).toBeGreaterThan(0.9 * rounds * ticketCount)
  })

  it('several are admitted by a store that finds and then deletes', async () => {
    const bucket = `naive-${on}`
    await plainBucket(await clientOf(on === 'one' ? server : (cluster.nodes[0] as NatsServer)), bucket, replicas)
    const stores = await racersOf(async (node) => createFindThenDeleteStore(await clientOf(node), bucket), on)
    const tally = await raceUntilTwice(stores)
    expect(tally.admittedTwice).toBeGreaterThan(0)
  })
})

describe('a record that is replaced where it stands, if it is the one that was read', () => {
  it('admits one of 12 on one server', async () => {
    await plainBucket(await clientOf(server), 'replaced', 1)
    const stores = await racersOf(async (node) => createCompareAndSetStore(await clientOf(node), 'replaced'), 'one')
    expect((await race(stores)).tally.admittedTwice).toBe(0)
  })

  it('admits several of 12 on three servers up to 2.9.20: why the store does not do so', async ({ skip }) => {
    const client = await clientOf(cluster.nodes[0] as NatsServer)
    const [major = 0, minor = 0, patch = 0] = (client.connection.info?.version ?? '').split('.').map(Number)
    if (major > 2 || minor > 9 || patch > 20) skip('this server replaces one after the other')
    await plainBucket(client, 'replaced', 3)
    const stores = await racersOf(async (node) => createCompareAndSetStore(await clientOf(node), 'replaced'), 'three')
    expect((await raceUntilTwice(stores)).admittedTwice).toBeGreaterThan(0)
  })
})

describe('while the leader of the bucket hands over again and again', () => {
  it('of 12 verifiers who present a ticket at once at most one is admitted', {
    timeout: rounds * handoverMs,
  }, async () => {
    const stores = await racersOf((node) => storeAt([node], replicated), 'three')
    const { connection } = await clientOf(...cluster.nodes)
    const tally = createTally()
    for (let handover = 0; handover < rounds; handover += 1) {
      // Refused while its breaker is open: of a handover that took longer than a question may.
      const again = () => issueAll(stores[0] as Spender, ticketCount)
      const ids = await until('tickets are issued again', again, handoverMs)
      const presented = tally.present(ids, stores)
      await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, '', { timeout: 5000 })
      await presented
      await cluster.settled(stream)
      // Once more, for those whose question got lost.
      await tally.present(ids, stores)
    }
    expect(tally.admittedTwice).toBe(0)
    expect(tally.admitted).toBeGreaterThan(0)
  })
})
