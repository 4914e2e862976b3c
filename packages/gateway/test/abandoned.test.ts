import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import type { AdmittedDecision } from 'wsticket'
import { createWebSocketProxy } from '../src/upstream/websocket-proxy.ts'
import { startRawUpstream } from './upstreams.ts'

/** A client, and a gateway whose upstream does not take its WebSocket. */
async function refuseClient(onEvent: () => void) {
  const upstream = await startRawUpstream((socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'))
  let abandoned = 0
  const decision: AdmittedDecision = {
    kind: 'admitted',
    session: { id: 'id', subject: 'https://issuer.example#alice', claims: {}, clientAddress: null } as never,
    passage: { target: '/', rawHeaders: [] },
    fallbackProtocol: null,
    clearingCookie: null,
    attach: () => () => {},
    abandon: () => {
      abandoned += 1
    },
  }
  const accept = createWebSocketProxy({
    upstream: new URL(upstream.url),
    isTrustedProxy: () => false,
    onEvent,
    answerTimeoutMs: 10_000,
    silenceMs: null,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => accept({ request, socket, head }, decision))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  client.write(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  return { client, abandoned: () => abandoned }
}

it('a WebSocket that the upstream does not take has lost its place before its client hears of it, and closes', async () => {
  const { client, abandoned } = await refuseClient(() => {})
  const [head] = (await once(client, 'data')) as [Buffer]
  expect({ status: String(head).slice(9, 12), abandoned: abandoned() }).toEqual({ status: '502', abandoned: 1 })
})

it('a WebSocket ends, and not the process, where an event sink throws', async () => {
  const { client, abandoned } = await refuseClient(() => {
    throw new Error('no disk')
  })
  client.resume()
  await once(client, 'close')
  expect(abandoned()).toBe(1)
})
