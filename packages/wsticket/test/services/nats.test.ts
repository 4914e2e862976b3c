import { afterAll, beforeAll, describe } from 'vitest'
import { type NatsServer, startNats } from 'wsticket-engines/nats'
import { itConforms } from './nats-harness.ts'

describe('the NATS store over one server', () => {
  let server: NatsServer
  beforeAll(async () => {
    server = await startNats()
  })
  afterAll(() => server?.dispose())
  itConforms(() => ({
    servers: [server.url],
    replicas: 1,
    settled: async () => {},
    outage: { begin: () => server.stop('SIGKILL'), end: () => server.restart() },
  }))
})
