/**
 * The listener: one HTTP server with bounds on everything that a client can make it wait for, and its end.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { HttpAnswer } from 'wsticket'
import type { RequestListener, UpgradeListener } from 'wsticket/adapters/node'
import type { ListenAddress } from '../config/configuration.ts'
import { problem } from '../problems.ts'

/** What is done with requests and with upgrades. */
export interface Listeners {
  readonly request: RequestListener
  readonly upgrade: UpgradeListener
}

/** A server that listens. */
export interface RunningServer {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string
  /** Stops listening, lets requests under way finish for a moment, cuts WebSockets, and resolves when nothing is left. */
  close(): Promise<void>
}

const bounds = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 5000,
  maxHeaderSize: 8192,
} as const

/** Past a limit of its own Node drops header lines without a word, a proxy's X-Forwarded-For among them. */
const maxHeaderLines = 100
const closeGraceMs = 1000

const tooManyHeaders = problem(431, 'too_many_headers', `A request has at most ${maxHeaderLines} header lines.`)

/**
 * Starts a server. The listeners are made when the port is known, before the first request is heard.
 * @throws the system's error where the address cannot be listened on, and what `createListeners` throws.
 */
export async function startServer(
  { host, port }: ListenAddress,
  createListeners: (port: number) => Listeners,
): Promise<RunningServer> {
  const server = createServer(bounds)
  const connections = trackConnections(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      try {
        attach(server, createListeners((server.address() as AddressInfo).port), connections)
        resolve()
      } catch (error) {
        server.close()
        reject(error)
      }
    })
  })
  return { url: urlOf(server.address() as AddressInfo), close: () => closeServer(server, connections) }
}

/** Writes an answer to a request. */
export function answerRequest(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

interface Connections {
  readonly all: Set<Duplex>
  readonly upgraded: Set<Duplex>
}

function trackConnections(server: Server): Connections {
  const connections: Connections = { all: new Set(), upgraded: new Set() }
  server.on('connection', (socket) => {
    connections.all.add(socket)
    socket.once('close', () => {
      connections.all.delete(socket)
      connections.upgraded.delete(socket)
    })
  })
  return connections
}

function attach(
  server: Server,
  { request: onRequest, upgrade: onUpgrade }: Listeners,
  { upgraded }: Connections,
): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.rawHeaders.length <= 2 * maxHeaderLines) return onRequest(request, response)
    response.shouldKeepAlive = false
    answerRequest(response, tooManyHeaders)
  })
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket)
    onUpgrade(request, socket, head)
  })
}

function closeServer(server: Server, { all, upgraded }: Connections): Promise<void> {
  return new Promise((resolve) => {
    const cut = (sockets: Set<Duplex>) => {
      for (const socket of sockets) socket.destroy()
    }
    const deadline = setTimeout(cut, closeGraceMs, all)
    server.close(() => {
      clearTimeout(deadline)
      resolve()
    })
    server.closeIdleConnections()
    cut(upgraded)
  })
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
