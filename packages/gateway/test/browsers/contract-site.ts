/**
 * An application of one process that serves a page, the published client, issues tickets and opens WebSockets with them.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Authenticate, createAdmission, createIssuer, createSessions, createTicketEndpoint } from 'wsticket'
import { admitEventStream, createRequestListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade } from 'wsticket/adapters/ws'
import { createMemoryStore } from 'wsticket/stores/memory'
import { until } from 'wsticket-engines/until'
import { createPlaces, type Journal, type Places } from './contract-places.ts'
import { converse } from './conversation.ts'

export interface ContractSite {
  readonly url: string
  /** What has come to a place so far. */
  journal(place: string): Journal
  /** How many WebSockets of a place are open. */
  connected(place: string): number
  /** Cuts every WebSocket of a place off, without a word. */
  cut(place: string): void
  /** Closes every connection, and listens no more. */
  sleep(): Promise<void>
  /** Listens again, where it did before. */
  wake(): Promise<void>
  stop(): Promise<void>
}

const folders = [
  ['/modules/wsticket/', fileURLToPath(new URL('../../../wsticket/dist/', import.meta.url))],
  ['/contract/', fileURLToPath(new URL('./contract/', import.meta.url))],
] as const

const html = `<!doctype html><title>contract</title>
<script type="importmap">{"imports": {"wsticket/client": "/modules/wsticket/client/index.js"}}</script>
<script type="module">
import { stayConnected } from '/contract/application.mjs'
import * as contract from '/contract/contract.mjs'
Object.assign(globalThis, { contract, stayConnected })
</script>`

/**
 * Who asks with the credential `nobody` is refused; with `unlucky` it cannot be told who it is; with `brief` a session is one of seconds, with any
 * other it has no end.
 */
const authenticate: Authenticate = async ({ headers }) => {
  const credential = headers.get('authorization')
  if (credential === 'Bearer nobody') return 'credential_invalid'
  if (credential === 'Bearer unlucky') throw new Error('the directory of users is away')
  const expiresAt = credential === 'Bearer brief' ? Date.now() + briefSessionMs : null
  return { issuer: 'https://id.example', subject: 'alice', expiresAt: expiresAt as never, claims: {} }
}

/** What the client renews by itself, with some seconds to spare: it does not ask for the last five. */
const briefSessionMs = 14_000

/** @param pingEveryMs how often the server looks whether a client is still there */
export async function startContractSite({ pingEveryMs = 30_000 } = {}): Promise<ContractSite> {
  const places = createPlaces()
  const server = createServer()
  const connections = new Set<Socket>()
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const application = createApplication(places, { origins: [url], pingEveryMs })
  server.on('request', application.onRequest)
  server.on('upgrade', application.onUpgrade)
  const sleep = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of connections) socket.destroy()
    await closed
  }
  return {
    url,
    journal: places.journal,
    connected: (place) => application.openIn(place).length,
    cut: (place) => {
      for (const webSocket of application.openIn(place)) webSocket.terminate()
    },
    sleep,
    async wake() {
      // Somebody may have the port for a moment.
      await until('the port is free', () => listen(port).then(() => true))
    },
    async stop() {
      await sleep()
      application.close()
    },
  }
}

function createApplication(places: Places, settings: { readonly origins: string[]; readonly pingEveryMs: number }) {
  const { origins, pingEveryMs } = settings
  const store = createMemoryStore()
  const sessions = createSessions()
  const issuer = createIssuer({ store, audiences: ['chat'] })
  const answer = createRequestListener(createTicketEndpoint({ issuer, authenticate, sessions, origins }))
  const carriers = ['subprotocol', 'query', 'message'] as const
  const admission = createAdmission({ store, sessions, audience: 'chat', origins, carriers })
  const webSockets = new WebSocketServer({ noServer: true })
  const journals = new Map<WebSocket, Journal>()
  webSockets.on('connection', (webSocket, request) => {
    journals.set(webSocket, places.of(request))
    converse(webSocket, request, places.of(request))
  })
  const upgrade = createWebSocketUpgrade(admission, webSockets, { pingEveryMs })
  const plain = new WebSocketServer({ noServer: true })
  /** Says which event the client knows of, and ends with the first one. */
  const tellLast = async (request: IncomingMessage, response: ServerResponse) => {
    const session = await admitEventStream(admission, request, response)
    if (session === null) return
    places.of(request).sessions.push(session.id)
    const last = String(request.headers['last-event-id'] ?? 'none')
    response.write(`id: 1\ndata: ${last}\n\n`)
    if (last === 'none') response.end()
  }
  return {
    onRequest(request: IncomingMessage, response: ServerResponse): void {
      if (!places.enter(request)) return void serveFile(request, response)
      if (request.url?.startsWith('/events')) void tellLast(request, response)
      else if (places.record(request, response)) answer(request, response)
    },
    onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
      places.enter(request)
      places.recordHandshake(request)
      // There is an endpoint beside it that knows nothing of tickets.
      if (request.url === '/plain') plain.handleUpgrade(request, socket, head, () => {})
      else upgrade(request, socket, head)
    },
    openIn: (place: string) =>
      [...webSockets.clients].filter(
        (webSocket) => webSocket.readyState === webSocket.OPEN && journals.get(webSocket) === places.journal(place),
      ),
    close: () => sessions.close(),
  }
}

async function serveFile({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (url === '/') return void response.writeHead(200, { 'Content-Type': 'text/html' }).end(html)
  const [prefix, folder] = folders.find(([start]) => url.startsWith(start)) ?? ['', '/nowhere']
  const body = await readFile(join(folder, normalize(`/${url.slice(prefix.length)}`))).catch(() => null)
  response.writeHead(body === null ? 404 : 200, { 'Content-Type': 'text/javascript' }).end(body ?? '')
}
