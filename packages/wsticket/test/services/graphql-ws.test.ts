import { EventEmitter, on, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
// The file that Node takes for the package; vitest would take another, and graphql-ws refuses a schema of another instance.
import { buildSchema } from 'graphql/index.js'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { describe, it, type TestContext } from 'vitest'
import { WebSocketServer } from 'ws'
import { createAdmission, createIssuer, createSessions, createTicketEndpoint } from 'wsticket'
import { createRequestListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf, webSocketLimits } from 'wsticket/adapters/ws'
import { createTicketWebSocket } from 'wsticket/client'
import { createMemoryStore } from 'wsticket/stores/memory'
import { PageWebSocket } from './programs.ts'
import { openWire } from './wire.ts'

const shortSeconds = 10
// A session ends within a tenth of a second after its time.
const sweptWithinMs = 1600
const timeout = 60_000
const schema = buildSchema('type Query { none: Int } type Subscription { counted: Int! }')

/** A GraphQL service whose credentials are good for so many seconds from when they are shown. */
async function startService(test: TestContext, lifetimeSeconds: number) {
  const store = createMemoryStore()
  const sessions = createSessions()
  const authenticate = async () => {
    const expiresAt = Date.now() + lifetimeSeconds * 1000
    return { issuer: 'https://id.example', subject: 'alice', expiresAt, claims: {} } as never
  }
  const origins = ['https://app.example']
  const issuer = createIssuer({ store, audiences: ['graphql'] })
  const listener = createRequestListener(createTicketEndpoint({ issuer, authenticate, sessions, origins }))
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.replace(/[\w-]{43}/, 'ID')}`)
    listener(request, response)
  })
  const webSockets = new WebSocketServer({ noServer: true, ...webSocketLimits })
  const counter = new EventEmitter()
  useServer({ schema, roots: { subscription: { counted: () => countedBy(counter) } } }, webSockets, 0)
  server.on(
    'upgrade',
    createWebSocketUpgrade(createAdmission({ store, sessions, audience: 'graphql', origins }), webSockets),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const wire = await openWire(port)
  test.onTestFinished(() => {
    wire.stop()
    for (const socket of webSockets.clients) socket.terminate()
    server.closeAllConnections()
    server.close()
    sessions.close()
  })
  return { webSockets, counter, requests, wire, api: `http://127.0.0.1:${port}` }
}

async function* countedBy(counter: EventEmitter) {
  const counts = on(counter, 'count')
  counter.emit('subscribed')
  for await (const [counted] of counts) yield { counted }
}

interface Course {
  /** Of every credential. */
  readonly lifetimeSeconds: number
  /** Default: the client's own, which is on. */
  readonly renewal?: 'off'
  /** Whether somebody asks for a renewal beside the client. */
  readonly isAskedFor?: boolean
}

/** A subscription that counts to one, and to two where it is still there when a session of `shortSeconds` is over. */
async function subscribe(test: TestContext, { lifetimeSeconds, renewal, isAskedFor = false }: Course) {
  const { webSockets, counter, requests, wire, api } = await startService(test, lifetimeSeconds)
  const client = createClient({
    url: `ws://127.0.0.1:${wire.port}/graphql`,
    webSocketImpl: createTicketWebSocket({
      ticketUrl: `${api}/tickets`,
      credential: () => 'credential',
      renewal,
      WebSocket: PageWebSocket,
    }),
    generateID: () => 'subscription',
    retryAttempts: 0,
  })
  const connected = once(webSockets, 'connection')
  const subscribed = once(counter, 'subscribed')
  const ended = new Promise((resolve) => client.on('closed', resolve))
  const counts = client.iterate<{ counted: number }>({ query: 'subscription { counted }' })
  const one = counts.next()
  await subscribed
  counter.emit('count', 1)
  const received = [(await one).value?.data?.counted]
  const [, request] = await connected
  const two = counts.next().catch(() => null)
  await Promise.race([two, pause(shortSeconds * 500)])
  if (isAskedFor) test.expect(await renew(`${api}/sessions/${sessionOf(request).id}/renew`)).toBe(200)
  await Promise.race([two, pause(shortSeconds * 500 + sweptWithinMs)])
  counter.emit('count', 2)
  received.push((await two)?.value?.data?.counted)
  await counts.return?.()
  await ended
  return { received, requests, toServer: wire.toServer, toClient: wire.toClient }
}

async function renew(url: string): Promise<number> {
  return (await fetch(url, { method: 'POST', headers: { Authorization: 'Bearer newer' } })).status
}

describe.concurrent('a subscription of graphql-ws', () => {
  const long = { lifetimeSeconds: 3600, renewal: 'off' } as const

  it('is all that is on the wire, message by message', { timeout }, async (test) => {
    const { received, requests, toServer, toClient } = await subscribe(test, long)
    test.expect(received).toEqual([1, 2])
    test.expect(requests).toEqual(['POST /tickets'])
    test
      .expect(toServer)
      .toEqual([
        '1 {"type":"connection_init"}',
        '1 {"id":"subscription","type":"subscribe","payload":{"query":"subscription { counted }"}}',
        '1 {"id":"subscription","type":"complete"}',
        'close 1000 Normal Closure',
      ])
    test
      .expect(toClient)
      .toEqual([
        '1 {"type":"connection_ack"}',
        '1 {"id":"subscription","type":"next","payload":{"data":{"counted":1}}}',
        '1 {"id":"subscription","type":"next","payload":{"data":{"counted":2}}}',
        'close 1000 Normal Closure',
      ])
  })

  it('ends with its credential where nothing is renewed', { timeout }, async (test) => {
    const { received, toClient } = await subscribe(test, { lifetimeSeconds: shortSeconds, renewal: 'off' })
    test.expect(received).toEqual([1, undefined])
    test.expect(toClient.at(-1)).toBe('close 4205 session_expired')
  })

  it.for([
    ['the client itself', { lifetimeSeconds: shortSeconds }],
    ['a request beside it', { lifetimeSeconds: shortSeconds, renewal: 'off', isAskedFor: true }],
  ] as const)('goes on when it is renewed by %s, without a frame more', { timeout }, async ([, course], test) => {
    const [renewed, without] = await Promise.all([subscribe(test, course), subscribe(test, long)])
    test.expect(renewed.received).toEqual([1, 2])
    test.expect(renewed.requests).toContain('POST /sessions/ID/renew')
    test.expect(renewed.toServer).toEqual(without.toServer)
    test.expect(renewed.toClient).toEqual(without.toClient)
  })
})
