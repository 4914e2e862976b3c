import { type JetStreamClient, type JetStreamManager, jetstream, type StoredMsg } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { expect, it } from 'vitest'
import { until } from 'wsticket-engines/until'
import { fromNats, natsOptions } from '../../src/drivers/nats.ts'
import { createNatsStore, type NatsStoreOptions } from '../../src/stores/nats.ts'
import {
  createMovableClock,
  runStoreCase,
  type StoreHarness,
  storeConformance,
} from '../../src/testing/store-conformance.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

/** A connection of somebody's, and what JetStream is to it. */
export interface NatsClient {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
}

/** Connects as the documentation says. */
export async function connectNats(servers: string | readonly string[]): Promise<NatsClient> {
  const connection = await connect({ servers: typeof servers === 'string' ? servers : [...servers], ...natsOptions })
  const client = jetstream(connection)
  return { connection, client, manager: await client.jetstreamManager(false) }
}

/** Every message of a stream: what a key-value client sees. */
export async function messagesOf({ manager }: NatsClient, stream: string): Promise<StoredMsg[]> {
  const { state } = await manager.streams.info(stream, { subjects_filter: '>' })
  const found = Object.keys(state.subjects ?? {}).map((subject) =>
    manager.streams.getMessage(stream, { last_by_subj: subject }),
  )
  return (await Promise.all(found)).filter((message) => message !== null)
}

async function removeStreams({ manager }: NatsClient): Promise<true> {
  for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name)
  return true
}

/** Servers on which cases are run, one after the other. */
export interface NatsUnderTest {
  readonly servers: readonly string[]
  readonly replicas: 1 | 3
  /** Resolves when every server knows a stream that was just created. */
  settled(stream: string): Promise<unknown>
  readonly outage: { begin(): Promise<unknown>; end(): Promise<unknown> }
}

/** Runs the published suite, unchanged. */
export function itConforms(nats: () => NatsUnderTest): void {
  for (const conformanceCase of storeConformance) {
    it(conformanceCase.name, async ({ skip }) => {
      const skipped = await runStoreCase(conformanceCase, () => createNatsHarness(nats()))
      if (skipped !== null) skip(skipped)
      expect(skipped).toBeNull()
    })
  }
}

// The suite has tickets that live for a day.
const recordAgeMs = 2 * 86_400_000
const options: NatsStoreOptions = {
  recordAgeMs,
  // Three replicas are unsound on this server, and are what they are while nothing fails.
  replication: 'unsound_may_admit_twice',
}

let cases = 0

/** The harness of one case: its buckets are nobody else's. */
function createNatsHarness({ servers, replicas, settled, outage }: NatsUnderTest): StoreHarness {
  cases += 1
  const bucket = `case-${cases}`
  const stores: TicketStore[] = []
  const connections: NatsConnection[] = []
  // Over a connection of its own each time: one that was there through an outage may not be back yet.
  const observe = async <Result>(look: (client: NatsClient) => Promise<Result>) => {
    const client = await connectNats(servers)
    try {
      return await look(client)
    } finally {
      await client.connection.close()
    }
  }
  const open = async (name: string) => {
    const { client, connection } = await connectNats(servers)
    connections.push(connection)
    const store = createNatsStore(fromNats(client), { ...options, bucket: bucket + name, replicas })
    stores.push(store)
    await until('there is a bucket', () => store.inspect())
    await settled(`KV_${bucket}${name}`)
    return store
  }
  return {
    clock: createMovableClock(),
    open: () => open(''),
    openSecond: () => open(''),
    capabilities: {
      async dump() {
        const messages = await observe((client) => messagesOf(client, `KV_${bucket}`))
        return messages.map((message) => `${message.subject} ${message.string()}`).join('\n')
      },
      async size(at) {
        const messages = await observe((client) => messagesOf(client, `KV_${bucket}`))
        return messages.filter(({ time }) => time.getTime() + recordAgeMs > at).length
      },
      namespaces: (name) => open(`-${name}`),
      capacity: { lacks: 'room comes back by the clock of the server; nats-inspection.test.ts fills a bucket' },
      async handedInClient() {
        await connections[0]?.flush()
        return connections[0]?.isClosed() === false
      },
      outage: {
        begin: async () => void (await outage.begin()),
        async end() {
          await outage.end()
          for (const store of stores) await until('the store is back', () => store.inspect())
        },
      },
    },
    async dispose() {
      for (const store of stores) await store.close()
      for (const connection of connections) await connection.close()
      await until('the streams are gone', () => observe(removeStreams))
    },
  }
}
