/**
 * A WebSocket service behind tickets: the issuer, the admission and the protocol of a library in this process, on a free port.
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { createAdmission, createIssuer, createSessions, createTicketEndpoint } from 'wsticket'
import { createRequestListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf, webSocketLimits } from 'wsticket/adapters/ws'
import type { TicketSourceOptions } from 'wsticket/client'
import { createMemoryStore } from 'wsticket/stores/memory'
import { createCredentials } from './credentials.ts'
import { pageOrigin } from './page.ts'

/** Whatever a library speaks, for the WebSockets that are admitted. */
export type Serve = (server: WebSocketServer) => void

/** A running service, and what can become of it. */
export interface Service {
  /** `127.0.0.1:40000` */
  readonly host: string
  /** The tickets that opened a WebSocket, by their ids, in order. */
  readonly admitted: readonly string[]
  /** The statuses of the ticket endpoint's answers, in order. */
  readonly answers: readonly number[]
  /** Where tickets come from, with whatever credential the page has now. */
  readonly tickets: TicketSourceOptions
  /** Answers the next ticket request with 503. */
  failOnce(): void
  /** Breaks the connections, with no frame at the end: an `error` event to the clients, then a `close` with 1006. */
  break(): void
  /** Closes the WebSockets as a server does that is restarted. */
  restart(): void
  /** Revokes the credential, which the ticket endpoint answers with 401 from now on, and ends the sessions. */
  revoke(): Promise<void>
  /** Gives the page another credential. */
  signIn(): void
  close(): void
}

// Reserved bits, which are not negotiated (RFC 6455 section 5.2).
const noFrame = Buffer.from([0xff, 0xff])

/** Starts one. */
export async function startService(serve: Serve): Promise<Service> {
  const store = createMemoryStore()
  const sessions = createSessions()
  const credentials = createCredentials()
  const issuer = createIssuer({ store, audiences: ['service'] })
  const rules = { store, sessions, audience: 'service', origins: [pageOrigin] }
  const endpoint = createTicketEndpoint({ ...rules, issuer, authenticate: credentials.authenticate })
  const answers: number[] = []
  const server = createServer(answersInto(answers, createRequestListener(endpoint)))
  const webSockets = new WebSocketServer({ noServer: true, ...webSocketLimits })
  const admitted: string[] = []
  const wires: Socket[] = []
  webSockets.on('connection', (_, request) => {
    admitted.push(sessionOf(request).id)
    wires.push(request.socket)
  })
  serve(webSockets)
  server.on('upgrade', createWebSocketUpgrade(createAdmission(rules), webSockets))
  const host = await listen(server)
  return {
    host,
    admitted,
    answers,
    tickets: { ticketUrl: `http://${host}/tickets`, credential: credentials.current },
    failOnce: credentials.failOnce,
    break: () => wires.forEach((wire) => void wire.end(noFrame)),
    restart: () => each(webSockets, (socket) => socket.close(1012, 'restart')),
    revoke() {
      credentials.revoke()
      return sessions.revoke({ kind: 'everything' })
    },
    signIn: credentials.renew,
    close() {
      each(webSockets, (socket) => socket.terminate())
      server.closeAllConnections()
      server.close()
      sessions.close()
    },
  }
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

function answersInto(answers: number[], listener: Listener): Listener {
  return (request, response) => {
    if (request.url === '/tickets') response.on('finish', () => answers.push(response.statusCode))
    listener(request, response)
  }
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  return `${address}:${port}`
}

function each({ clients }: WebSocketServer, act: (socket: WebSocket) => void): void {
  for (const socket of clients) act(socket)
}
