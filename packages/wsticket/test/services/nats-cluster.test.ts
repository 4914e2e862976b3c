import { afterAll, beforeAll, describe } from 'vitest'
import { type NatsCluster, startNatsCluster } from 'wsticket-engines/nats-cluster'
import { itConforms } from './nats-harness.ts'

describe('the NATS store over a cluster of three, with three replicas', () => {
  let cluster: NatsCluster
  beforeAll(async () => {
    cluster = await startNatsCluster()
  })
  afterAll(() => cluster?.dispose())
  itConforms(() => ({
    servers: cluster.urls,
    replicas: 3,
    settled: (stream) => cluster.settled(stream),
    // Frozen, not killed: three that start anew take ten seconds to find a leader. The faults kill them.
    outage: {
      async begin() {
        for (const node of cluster.nodes) node.freeze()
      },
      async end() {
        for (const node of cluster.nodes) node.thaw()
      },
    },
  }))
})
