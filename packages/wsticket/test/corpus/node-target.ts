/**
 * The adapters for `node:http` and `ws` before the corpus, served as the documentation tells users to.
 * @module
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import {
  type Admission,
  createAdmission,
  createIssuer,
  createTicketEndpoint,
  isOriginForm,
  type TicketStore,
} from 'wsticket'
import {
  admitEventStream,
  createRequestListener,
  createUpgradeListener,
  refuseUpgrade,
  serverLimits,
  sessionOf,
} from 'wsticket/adapters/node'
import { createWebSocketUpgrade } from 'wsticket/adapters/ws'
import { audience, type HandshakeTarget } from 'wsticket-corpus/handshake-target'

/** Puts admission before what a server opens; it calls `connected` for each that reaches the application. */
type Guard = (server: Server, admission: Admission, connected: (request: IncomingMessage) => void) => void

function targetOf(name: string, opens: HandshakeTarget['opens'], guard: Guard): HandshakeTarget {
  return {
    name,
    opens,
    async start(setting, store) {
      const reached: string[] = []
      const [seen, logged]: [string[], string[]] = [[], []]
      const admission = createAdmission({
        store,
        audience,
        ...setting,
        limits: { perAddress: 'unlimited' },
        onEvent: (event) => logged.push(JSON.stringify(event)),
      })
      const server = createServer({ ...serverLimits })
      const connected = (request: IncomingMessage) => {
        reached.push(sessionOf(request).id)
        seen.push(JSON.stringify([request.url, request.rawHeaders, request.headers, request.headersDistinct]))
      }
      guard(server, admission, connected)
      if (opens === 'websocket') server.on('request', createRequestListener(endpointOf(store)))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return {
        port: (server.address() as AddressInfo).port,
        reached,
        seen: () => seen.join('\n'),
        logged: () => logged.join('\n'),
        stop: () => stop(server),
      }
    },
  }
}

function endpointOf(store: TicketStore) {
  const issuer = createIssuer({ store, audiences: [audience] })
  return createTicketEndpoint({ issuer, authenticate: async () => 'credential_missing', origins: [] })
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const otherPath = { status: 404, headers: {}, body: '' }

/** `createUpgradeListener`, with an application that writes its 101 by itself. */
export const nodeTarget = targetOf('the adapter for node:http', 'websocket', (server, admission, connected) => {
  const upgrade = createUpgradeListener(admission, ({ request, socket }) => {
    connected(request)
    const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`]
    socket.end(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
  })
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const { url = '' } = request
    if (isOriginForm(url) && url.split('?', 1)[0] !== '/ws') return refuseUpgrade(socket, otherPath)
    return upgrade(request, socket, head)
  })
})

/** `createWebSocketUpgrade`, with a path. */
export const wsTarget = targetOf('the adapter for ws', 'websocket', (server, admission, connected) => {
  const webSockets = new WebSocketServer({ noServer: true, path: '/ws' })
  webSockets.on('connection', (socket, request) => {
    connected(request)
    socket.terminate()
  })
  server.on('upgrade', createWebSocketUpgrade(admission, webSockets))
})

/** `admitEventStream`, with an application that has one event. */
export const streamTarget = targetOf(
  'the event streams of node:http',
  'event_stream',
  (server, admission, connected) => {
    const stream = async (request: IncomingMessage, response: ServerResponse) => {
      const { url = '' } = request
      if (isOriginForm(url) && url.split('?', 1)[0] !== '/ws') return response.writeHead(404).end()
      if ((await admitEventStream(admission, request, response)) === null) return response
      connected(request)
      return response.end('data: hello\n\n')
    }
    server.on('request', (request, response) => void stream(request, response))
  },
)
