import type { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import { startServer } from '../src/server/http-server.ts'
import { sendHandshake } from './clients.ts'

it('a server that drains lets a handshake finish that was under way', async () => {
  let held: Duplex | undefined
  let isClosed = false
  const server = await startServer({ host: '127.0.0.1', port: 0 }, () => ({
    request: (_, response) => response.end(),
    upgrade: (_, socket) => {
      held = socket
    },
    async drain() {
      setImmediate(() => held?.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'))
    },
    close: () => {
      isClosed = true
    },
  }))
  const client = sendHandshake({ port: Number(new URL(server.url).port) }, 'any')
  while (held === undefined) await new Promise((resolve) => setImmediate(resolve))
  await server.drain(1)
  await server.close()
  expect(await client.all()).toMatch(/^HTTP\/1\.1 503 /)
  expect(isClosed).toBe(true)
})
