/**
 * NATS servers, and the stores on them that are put to the proof: ours, and those that must be caught.
 * @module
 */
import { type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { onTestFinished } from 'vitest'
import { type NatsCluster, startNatsCluster } from 'wsticket-engines/nats-cluster'
import { until } from 'wsticket-engines/until'
import { fromNats, natsOptions } from '../../src/drivers/nats.ts'
import { StoreError } from '../../src/errors.ts'
import { readRecord, writeRecord } from '../../src/record-text.ts'
import { createNatsStore, type NatsStoreOptions } from '../../src/stores/nats.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { issueAllInTime } from './issuing.ts'
import { long } from './proof-size.ts'

/** As much of a store as issues and admits. */
export type Spender = Pick<TicketStore, 'insert' | 'redeem'>

/** How many tickets go through each scenario. */
export const ticketCount = long ? 60 : 20

/** How long our store waits for an answer unless told otherwise, in milliseconds. */
export const deadlineMs = 1000

/** Where nothing is timed: a machine that stands still for two seconds decides nothing. */
export const patient = { deadlineMs: 10_000 } as const

/** How long any promise of it may take to settle. */
export const settledWithinMs = deadlineMs + 1500

/** A client of somebody's. */
export interface NatsClient {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
}

/** A server of any kind. */
interface Reachable {
  readonly url: string
}

/** A client of these servers and no others, whose connection ends with the test. */
export function clientOf(...servers: readonly Reachable[]): Promise<NatsClient> {
  return connectTo(servers, deadlineMs)
}

async function connectTo(servers: readonly Reachable[], timeout: number): Promise<NatsClient> {
  const urls = servers.map(({ url }) => url)
  const connection = await connect({ servers: urls, ignoreClusterUpdates: true, ...natsOptions })
  onTestFinished(() => connection.close())
  const client = jetstream(connection, { timeout })
  return { connection, client, manager: await client.jetstreamManager(false) }
}

/** Ours on three servers, which on servers as old as these has to be asked for. */
export const replicated = { replicas: 3, replication: 'unsound_may_admit_twice' } as const

/** Our store, over a connection of its own. */
export async function storeAt(servers: readonly Reachable[], options: NatsStoreOptions = {}): Promise<TicketStore> {
  const timed = { deadlineMs, ...options }
  const { client } = await connectTo(servers, timed.deadlineMs)
  const store = createNatsStore(fromNats(client), timed)
  onTestFinished(() => store.close())
  return store
}

/** Starts a cluster that ends with the test, and our store on each of its nodes, and a patient one; all of them have the bucket. */
export async function startCluster(options?: { readonly links: boolean }) {
  const cluster = await startNatsCluster(options)
  onTestFinished(() => cluster.dispose())
  const openStores = (options: NatsStoreOptions) =>
    Promise.all(cluster.nodes.map((node) => storeAt([node], { ...replicated, ...options })))
  const stores = await openStores({})
  // Three that have just met may take longer to create one than a question may.
  for (const store of stores) await until('the bucket is there', () => store.inspect())
  await cluster.settled(stream)
  return { cluster, stores, patientStores: await openStores(patient) }
}

/** The stream of our store's bucket. */
export const stream = 'KV_wsticket'

/** The node that leads the bucket, and the others. */
export async function partiesOf(cluster: NatsCluster) {
  const leader = await cluster.leaderOf(stream)
  const followers = cluster.nodes.filter((node) => node !== leader)
  return { leader, followers }
}

/** Issues so many tickets. */
export function issue(store: Spender, count = ticketCount): Promise<TicketId[]> {
  return issueAllInTime(store, count)
}

/** What must be caught: it finds the record, and deletes it with no condition, as key-value clients do. */
export function createFindThenDeleteStore(client: NatsClient, bucket: string): Spender {
  return controlOf(client, bucket, async (subject) => {
    const asDeleted = headers()
    asDeleted.set('KV-Operation', 'DEL')
    await client.client.publish(subject, '', { headers: asDeleted })
  })
}

/** What must be caught on several replicas: it replaces the record, if that is still the one that was read. */
export function createCompareAndSetStore(client: NatsClient, bucket: string): Spender {
  return controlOf(client, bucket, async (subject, sequence) => {
    await client.client.publish(subject, '', { expect: { lastSubjectSequence: sequence } })
  })
}

/** A store in a key-value bucket that keeps one revision, such as many are. */
function controlOf(
  { client, manager }: NatsClient,
  bucket: string,
  spend: (subject: string, sequence: number) => Promise<void>,
): Spender {
  const subjectOf = (id: TicketId) => `$KV.${bucket}.${id}`
  return {
    async insert(record) {
      await client.publish(subjectOf(record.id), writeRecord(record), { expect: { lastSubjectSequence: 0 } })
    },
    async redeem(id) {
      const kept = await manager.streams.getMessage(`KV_${bucket}`, { last_by_subj: subjectOf(id) })
      const text = kept?.string() ?? ''
      if (kept === null || text === '') return { kind: 'unknown' }
      try {
        await spend(subjectOf(id), kept.seq)
      } catch (error) {
        throw new StoreError('unavailable', 'it failed', { cause: error })
      }
      return { kind: 'redeemed', record: readRecord(text, id) }
    },
  }
}
