/**
 * What the fence does not stop. Each needs somebody who has power over the server, and no scenario of the other files comes
 * to it. The tests hold the documents to the truth: what they say may happen does happen. Last, what only half of the fence
 * would not have stopped.
 */
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RedisServer } from 'wsticket-engines/redis'
import { startRedisCluster } from 'wsticket-engines/redis-cluster'
import { until } from 'wsticket-engines/until'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import {
  issue,
  patient,
  replicated,
  saveSnapshot,
  startNode,
  storesAt,
  ticketCount,
  withPrefix,
} from './redis-harness.ts'
import { createTally } from './tally.ts'

interface Stage {
  readonly node: RedisServer
  readonly stores: readonly TicketStore[]
  readonly ids: readonly TicketId[]
}

async function start(): Promise<Stage> {
  const node = await startNode()
  const stores = await storesAt(patient, node)
  return { node, stores, ids: await issue(stores[0]) }
}

describe('in one reign of one primary', () => {
  it('RESTORE of what DUMP gave before a redemption makes the ticket good once more', async () => {
    const { node, stores, ids } = await start()
    const client = new Redis(node.port)
    onTestFinished(() => client.disconnect())
    const dumps = await Promise.all(ids.map((id) => client.dumpBuffer(`wsticket:${id}`)))
    const tally = createTally()
    await tally.present(ids, stores)
    await Promise.all(ids.map((id, index) => client.restore(`wsticket:${id}`, 0, dumps[index] as Buffer, 'REPLACE')))
    await tally.present(ids, stores)
    expect(tally.admittedTwice).toBe(ticketCount)
  })

  it('DEBUG RELOAD NOSAVE with an old snapshot makes tickets good once more', async () => {
    const { node, stores, ids } = await start()
    await saveSnapshot(node)
    const tally = createTally()
    await tally.present(ids, stores)
    await node.command('DEBUG', 'RELOAD', 'NOSAVE')
    await tally.present(ids, stores)
    expect(tally.admittedTwice).toBe(ticketCount)
  })

  it('DEBUG RELOAD, which saves first, does not', async () => {
    const { node, stores, ids } = await start()
    await saveSnapshot(node)
    const tally = createTally()
    await tally.present(ids, stores)
    await node.command('DEBUG', 'RELOAD')
    expect(await tally.present(ids, stores)).toEqual({ spent: 4 * ticketCount })
    expect(tally.admittedTwice).toBe(0)
  })
})

// All tickets in one slot, so that a client of one node reaches them.
const prefix = '{one slot}:'
const inOneSlot = withPrefix(patient, prefix)

describe('in a cluster', () => {
  // Redis gives a promoted node a new master_replid, but for one case: it does not know where its primary is. It has taken that
  // primary's id from its snapshot then, and is promoted with it. Its run_id is its own.
  it('nothing is admitted twice by a replica that restarts with an old snapshot when its primary has lost its address, and takes over', async () => {
    const cluster = await startRedisCluster()
    onTestFinished(cluster.dispose)
    const primary = await cluster.nodeOf(prefix)
    const replica = await cluster.replicaOf(primary)
    const stores = await storesAt(inOneSlot, primary)
    const ids = await issue(stores[0])
    await replicated(primary, replica)
    await saveSnapshot(replica)
    const history = (await primary.command('INFO', 'replication')).match(/master_replid:(\w+)/)?.[1]
    const tally = createTally()
    await tally.present(ids, stores)
    await primary.stop('SIGKILL')
    // Another node, at its address, of which the replica gets nothing.
    await startNode({ port: primary.port, arguments: ['--cluster-enabled', 'yes', '--requirepass', 'another'] })
    await until('its address is forgotten', async () => (await replica.command('CLUSTER', 'NODES')).includes('noaddr'))
    await replica.restart()
    await replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER')
    await until('it serves', async () => (await replica.command('CLUSTER', 'INFO')).includes('cluster_state:ok'))
    const replid = (await replica.command('INFO', 'replication')).match(/master_replid:(\w+)/)?.[1]
    expect(replid).toBe(history)
    await tally.present(ids, await storesAt(inOneSlot, replica))
    expect(tally.admittedTwice).toBe(0)
  })
})
