/**
 * Serves with `ws` and `node:http`, as the documentation of the adapters tells users to.
 * @module
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { createRequestListener, type UpgradeListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf } from 'wsticket/adapters/ws'
import type { AdapterHarness, ConnectionView, ServerParts } from 'wsticket/testing/adapter-conformance'

/** Makes the listener for `upgrade`: the adapter, or something that only looks like it. */
export type Upgrade = (parts: ServerParts, server: WebSocketServer) => UpgradeListener

/** A harness for ways to guard a WebSocketServer. */
export function createWsHarness(createUpgrade: Upgrade, deadlineMs?: number): AdapterHarness {
  return {
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    async start(parts) {
      const { application } = parts
      const webSockets = new WebSocketServer({
        noServer: true,
        handleProtocols: (offered) => application.selectProtocol([...offered]) ?? false,
      })
      webSockets.on('connection', (socket, request) => {
        application.connected(viewOf(request))
        socket.on('message', (data) => socket.send(application.received(String(data))))
      })
      const server = createServer(createRequestListener(parts.endpoint))
      server.on('upgrade', createUpgrade(parts, webSockets))
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
export const wsHarness: AdapterHarness = createWsHarness(({ admission }, server) =>
  createWebSocketUpgrade(admission, server),
)

function viewOf(request: IncomingMessage): ConnectionView {
  const { rawHeaders } = request
  const names = rawHeaders.filter((_, at) => at % 2 === 0)
  return {
    session: sessionOf(request),
    target: request.url ?? '',
    headers: names.map((name, at) => [name, rawHeaders[2 * at + 1] ?? ''] as const),
    otherViews: [JSON.stringify(request.headers), JSON.stringify(request.headersDistinct)],
  }
}
