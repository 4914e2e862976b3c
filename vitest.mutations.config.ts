import { defineConfig } from 'vitest/config'
import config from './vitest.config.ts'

/** The tests that a mutation of the checks is shown to: no process, no network. */
export default defineConfig({
  ...config,
  test: {
    include: [
      'packages/wsticket/test/{carriers,checks}/*.test.ts',
      'packages/wsticket/test/core/{admission*,deadline,draining,event-stream-request,handshake,limits,lock,pending-handshakes,session*,ticket-endpoint-cookie}.test.ts',
    ],
    testTimeout: 30_000,
    watch: false,
  },
})
