/**
 * The listener: one HTTP server with bounds on everything that a client can make it wait for, and its end.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { type RequestListener, serverLimits, type UpgradeListener } from 'wsticket/adapters/node'
import type { ListenAddress } from '../config/configuration.ts'

/** What is done with requests and with upgrades. */
export interface Listeners {
  readonly request: RequestListener
  readonly upgrade: UpgradeListener
  /** Whether the answer to a request may be a stream, which a drain waits for. Default: no answer is. */
  isForStream?(request: IncomingMessage): boolean
  /** Lets nobody in any more, and resolves once no WebSocket is open. Default: they are cut when the server closes. */
  drain?(): Promise<void>
  /** Called when nothing is heard any more. */
  close?(): void
}

/** A server that listens. */
export interface RunningServer {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string
  /**
   * Closes WebSockets and streams as the listeners do, while requests are answered as ever. Handshakes under way, and requests for streams, have
   * as long to finish, in milliseconds, and a moment more than the WebSockets in any case.
   */
  drain(deadlineMs: number): Promise<void>
  /** Stops listening, lets requests under way finish for a moment, cuts WebSockets, and resolves when nothing is left. */
  close(): Promise<void>
}

/** What a drain waits for. */
interface Open {
  /** Sockets that are no longer the HTTP server's, so that it does not close them. */
  readonly upgraded: Set<Duplex>
  readonly streams: Set<ServerResponse>
}

const closeGraceMs = 1000
const closeSweepMs = 20

/**
 * Starts a server. The listeners are made when the port is known, before the first request is heard.
 * @throws the system's error where the address cannot be listened on, and what `createListeners` throws.
 */
export async function startServer(
  { host, port }: ListenAddress,
  createListeners: (port: number) => Listeners,
): Promise<RunningServer> {
  const server = createServer({ ...serverLimits })
  const open: Open = { upgraded: new Set(), streams: new Set() }
  const listeners = await new Promise<Listeners>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      try {
        const made = createListeners((server.address() as AddressInfo).port)
        attach(server, made, open)
        resolve(made)
      } catch (error) {
        server.close()
        reject(error)
      }
    })
  })
  return {
    url: urlOf(server.address() as AddressInfo),
    async drain(deadlineMs) {
      const lastAt = performance.now() + deadlineMs
      await listeners.drain?.()
      await untilEmpty(open, Math.max(lastAt, performance.now() + closeGraceMs))
    },
    async close() {
      await closeServer(server, open.upgraded)
      listeners.close?.()
    },
  }
}

function attach(server: Server, listeners: Listeners, { upgraded, streams }: Open): void {
  server.on('request', (request, response) => {
    // What waits behind another answer has no socket yet, and would not hear of its end: it is refused.
    if (listeners.isForStream?.(request) && response.socket !== null) keepWhileOpen(streams, response)
    listeners.request(request, response)
  })
  server.on('upgrade', (request, socket, head) => {
    // An upgrade that was under way when the server closed: nobody would end its socket.
    if (!server.listening) return void socket.destroy()
    keepWhileOpen(upgraded, socket)
    listeners.upgrade(request, socket, head)
  })
}

function keepWhileOpen<One extends Duplex | ServerResponse>(all: Set<One>, one: One): void {
  all.add(one)
  one.once('close', () => all.delete(one))
}

/** Waits for those who are being refused, or whom the upstream is asked about and who are then closed again; not beyond an instant. */
async function untilEmpty({ upgraded, streams }: Open, lastAt: number): Promise<void> {
  while (upgraded.size + streams.size > 0 && performance.now() < lastAt) await pause(closeSweepMs)
}

function closeServer(server: Server, upgraded: ReadonlySet<Duplex>): Promise<void> {
  return new Promise((resolve) => {
    // A connection whose request has just been answered is idle only now.
    const sweep = setInterval(() => server.closeIdleConnections(), closeSweepMs)
    const deadline = setTimeout(() => server.closeAllConnections(), closeGraceMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(deadline)
      resolve()
    })
    for (const socket of upgraded) socket.destroy()
  })
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
