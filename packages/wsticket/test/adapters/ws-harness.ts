/**
 * Serves with `ws` and `node:http`, as the documentation of the adapters tells users to.
 * @module
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Session } from 'wsticket'
import { createRequestListener, type UpgradeListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf } from 'wsticket/adapters/ws'
import type { AdapterHarness, ConnectionView, ServerParts } from 'wsticket/testing/adapter-conformance'

/** A way to guard a WebSocketServer: the adapter, or something that only looks like it. */
export interface Guard {
  createUpgrade(parts: ServerParts, webSockets: WebSocketServer): UpgradeListener
  sessionOf(request: IncomingMessage): Session
}

/** Puts a guard before the suite. */
export function createWsHarness(guard: Guard, deadlineMs?: number): AdapterHarness {
  return {
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    async start(parts) {
      const { application } = parts
      const webSockets = new WebSocketServer({
        noServer: true,
        handleProtocols: (offered) => application.selectProtocol([...offered]) ?? false,
      })
      webSockets.on('connection', (socket, request) => {
        application.connected({ session: guard.sessionOf(request), ...viewOf(request) })
        socket.on('message', (data: Buffer) => socket.send(application.received(data.toString())))
      })
      const server = createServer(createRequestListener(parts.endpoint))
      server.on('upgrade', guard.createUpgrade(parts, webSockets))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      return {
        httpUrl: `http://127.0.0.1:${port}`,
        wsUrl: `ws://127.0.0.1:${port}/ws`,
        stop: () => new Promise((resolve) => server.close(() => resolve())),
      }
    },
  }
}

/** The adapter as it is. */
export const wsHarness: AdapterHarness = createWsHarness({
  createUpgrade: ({ admission }, webSockets) => createWebSocketUpgrade(admission, webSockets),
  sessionOf,
})

function viewOf(request: IncomingMessage): Omit<ConnectionView, 'session'> {
  const { rawHeaders } = request
  const names = rawHeaders.filter((_, at) => at % 2 === 0)
  return {
    target: request.url ?? '',
    headers: names.map((name, at) => [name, rawHeaders[2 * at + 1] ?? ''] as const),
    otherViews: [JSON.stringify(request.headers), JSON.stringify(request.headersDistinct)],
  }
}
