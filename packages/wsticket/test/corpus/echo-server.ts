/** What frames are played against. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { type Admission, type AdmissionOptions, createAdmission } from 'wsticket'
import { createUpgradeListener, type UpgradeListener } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, webSocketLimits } from 'wsticket/adapters/ws'
import { createMemoryStore } from 'wsticket/stores/memory'
import { pageOrigin } from 'wsticket-corpus/handshake-case'
import { audience } from 'wsticket-corpus/handshake-target'

/** Lets `ws` answer what is admitted. */
type Guard = (admission: Admission, webSockets: WebSocketServer) => UpgradeListener

/** By the adapter for `node:http`: `ws` is an application like any other that answers handshakes over a stream. */
export const byNode: Guard = (admission, webSockets) =>
  createUpgradeListener(admission, ({ request, socket, head }) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) => webSockets.emit('connection', webSocket, request))
  })

/** By the adapter for `ws`. */
export const byWs: Guard = createWebSocketUpgrade

/** A server that echoes, whose application handles no error. */
export async function startEcho(options: Partial<AdmissionOptions> = {}, guard: Guard = byWs) {
  const store = createMemoryStore()
  const webSockets = new WebSocketServer({ noServer: true, ...webSocketLimits })
  webSockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const server = createServer()
  const admission = createAdmission({ store, audience, origins: [pageOrigin], addressPolicy: 'report', ...options })
  server.on('upgrade', guard(admission, webSockets))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const client of webSockets.clients) client.terminate()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, store }
}
