import { afterAll, beforeAll, describe } from 'vitest'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { type NatsCluster, startNatsCluster } from 'wsticket-engines/nats-cluster'
import { until } from 'wsticket-engines/until'
import { fromNats } from '../../src/drivers/nats.ts'
import { createNatsSessionLog } from '../../src/session-logs/nats.ts'
import { harnessOf, itConformsAsLog } from '../session-logs/log-suite.ts'
import { connectNats } from './nats-harness.ts'

const stream = 'wsticket_sessions'

/** Empties the log, where there is one. */
async function purge(servers: string | readonly string[]): Promise<void> {
  const { manager, connection } = await connectNats(servers)
  await manager.streams.purge(stream).catch(() => {})
  await connection.close()
}

async function open(servers: string | readonly string[], replicas: 1 | 3) {
  const { client, connection } = await connectNats(servers)
  const log = createNatsSessionLog(fromNats(client), { replicas })
  // Three that have just met may take longer to create a stream than a question may.
  await until('the log is there', () => log.readAfter(null, 1))
  return { log, end: () => connection.close() }
}

describe('the log in NATS', () => {
  let server: NatsServer
  beforeAll(async () => {
    server = await startNats()
  })
  afterAll(() => server?.dispose())
  itConformsAsLog(() =>
    harnessOf(
      () => open(server.url, 1),
      () => purge(server.url),
    ),
  )
})

describe('the log in a NATS cluster, with three replicas', () => {
  let cluster: NatsCluster
  beforeAll(async () => {
    cluster = await startNatsCluster()
  })
  afterAll(() => cluster?.dispose())
  itConformsAsLog(() =>
    harnessOf(
      () => open(cluster.urls, 3),
      () => purge(cluster.urls),
    ),
  )
})
