/**
 * Adapter for `ws` in the mode `noServer`: admitted handshakes become connections, refused ones never reach it.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Admission } from '../admission.ts'
import { isOriginForm } from '../handshake.ts'
import { refusalAnswer } from '../problem.ts'
import { createUpgradeListener, decisionOf, refuseUpgrade, type UpgradeListener } from './node.ts'

export { sessionOf } from './node.ts'

/** What is needed of a `WebSocket` of `ws`, whichever major version. */
export interface WsSocketLike {
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** What is needed of a `WebSocketServer` of `ws`, whichever major version. */
export interface WsServerLike {
  shouldHandle(request: IncomingMessage): boolean | Promise<boolean>
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (socket: WsSocketLike, request: IncomingMessage) => void,
  ): void
  on(event: 'headers', listener: (headers: string[], request: IncomingMessage) => void): unknown
  emit(event: 'connection', socket: WsSocketLike, request: IncomingMessage): boolean
}

/**
 * Lets admission guard a `WebSocketServer({ noServer: true })`:
 * `server.on('upgrade', createWebSocketUpgrade(admission, wss))`. In `connection`, `sessionOf(request)` tells who it is.
 *
 * The application's subprotocols are chosen as ever (`handleProtocols`, or the first offered); where it chooses none, the
 * client is given `wsticket.v1`, which `socket.protocol` does not show. The option `path`, or a `shouldHandle` of your own,
 * is asked before a ticket is spent, and sees the request as it came.
 */
export function createWebSocketUpgrade(admission: Admission, server: WsServerLike): UpgradeListener {
  server.on('headers', (headers, request) => {
    const { fallbackProtocol: fallback = null, clearingCookie = null } = decisionOf(request) ?? {}
    if (clearingCookie !== null) headers.push(`Set-Cookie: ${clearingCookie}`)
    if (!fallback || headers.some((line) => line.startsWith('Sec-WebSocket-Protocol:'))) return
    headers.push(`Sec-WebSocket-Protocol: ${fallback}`)
  })
  const upgrade = createUpgradeListener(admission, ({ request, socket, head }) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      // A bad frame is an error event on the WebSocket; without a listener it would end the process.
      webSocket.on('error', () => {})
      server.emit('connection', webSocket, request)
    })
  })
  return (request, socket, head) => {
    // A path that is not the server's own costs no ticket. What is no target at all is left to admission to refuse: an
    // application that parses it may throw, and that would end the process.
    if (isOriginForm(request.url ?? '') && !server.shouldHandle(request)) {
      socket.on('error', () => socket.destroy())
      return refuseUpgrade(socket, refusalAnswer('handshake_malformed'))
    }
    upgrade(request, socket, head)
  }
}
