/**
 * Adapter for `ws` in the mode `noServer`: admitted handshakes become connections, refused ones never reach it.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Admission, AdmittedDecision } from '../admission.ts'
import { systemClock } from '../clock.ts'
import { type EventSink, safeSink } from '../events.ts'
import { isOriginForm } from '../handshake.ts'
import { refusalAnswer } from '../problem.ts'
import { sessionEndings } from '../refusals.ts'
import type { SessionConnection } from '../session.ts'
import {
  createHeartbeats,
  type HeartbeatOptions,
  type Heartbeats,
  type SilentEnding,
  type WatchedWebSocket,
} from './heartbeats.ts'
import { createUpgradeListener, decisionOf, refuseUpgrade, type UpgradeListener } from './node.ts'

export type { HeartbeatOptions } from './heartbeats.ts'
export { sessionOf } from './node.ts'

/** What is needed of a `WebSocket` of `ws`, whichever major version. */
export interface WsSocketLike extends WatchedWebSocket {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'message' | 'pong', listener: () => void): unknown
  once(event: 'close', listener: () => void): unknown
  removeAllListeners(event: 'message'): unknown
  close(code: number, reason: string): void
  terminate(): void
}

/**
 * Options for a `WebSocketServer` that bound what one WebSocket can make it keep:
 * `new WebSocketServer({ noServer: true, ...webSocketLimits })`. Messages of at most 64 KiB, in at most 64 fragments and 1,024 pieces
 * as they arrive, not compressed. The defaults of `ws` are 100 MiB, 16,384 and 262,144. Where messages are larger, say how large.
 */
export const webSocketLimits: {
  readonly maxPayload: number
  readonly maxFragments: number
  readonly maxBufferedChunks: number
  readonly perMessageDeflate: false
} = Object.freeze({ maxPayload: 65_536, maxFragments: 64, maxBufferedChunks: 1024, perMessageDeflate: false })

/** What is needed of a `WebSocketServer` of `ws`, whichever major version. */
export interface WsServerLike {
  readonly options: { readonly maxPayload?: number | undefined; readonly maxFragments?: number | undefined }
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

/** What a guard of a `WebSocketServer` may be told. */
export interface WebSocketUpgradeOptions extends HeartbeatOptions {
  /** Hears of dangerous settings of the `WebSocketServer`, once. Default: nobody. */
  readonly onEvent?: EventSink
}

/**
 * Lets admission guard a `WebSocketServer({ noServer: true })`:
 * `server.on('upgrade', createWebSocketUpgrade(admission, wss))`. In `connection`, `sessionOf(request)` tells who it is.
 *
 * The application's subprotocols are chosen as ever (`handleProtocols`, or the first offered); where it chooses none, the
 * client is given `wsticket.v1`, which `socket.protocol` does not show. The option `path`, or a `shouldHandle` of your own,
 * is asked before a ticket is spent, and sees the request as it came.
 *
 * A client of which nothing comes is pinged, and one that does not answer is gone within 60 to 90 seconds (`pingEveryMs`); `idleMs` ends the
 * sessions of those who send no message.
 *
 * A server that takes messages of 100 MiB and more, or fragments without end, is a `dangerous_setting`: see {@link webSocketLimits}.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createWebSocketUpgrade(
  admission: Pick<Admission, 'admit'>,
  server: WsServerLike,
  options: WebSocketUpgradeOptions = {},
): UpgradeListener {
  announceDangers(server, safeSink(options.onEvent))
  const heartbeats = createHeartbeats(options)
  server.on('headers', (headers, request) => {
    const decision = decisionOf(request)
    if (decision === undefined) return
    const { fallbackProtocol, clearingCookie } = decision
    if (clearingCookie !== null) headers.push(`Set-Cookie: ${clearingCookie}`)
    if (fallbackProtocol === null || headers.some((line) => line.startsWith('Sec-WebSocket-Protocol:'))) return
    headers.push(`Sec-WebSocket-Protocol: ${fallbackProtocol}`)
  })
  const upgrade = createUpgradeListener(admission, ({ request, socket, head }, decision) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      // A bad frame is an error event on the WebSocket; without a listener it would end the process.
      webSocket.on('error', () => {})
      attach(decision, { webSocket, socket, heartbeats })
      // Revoked since its ticket was redeemed: the application never hears of it.
      if (webSocket.readyState === openState) server.emit('connection', webSocket, request)
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

interface Attachment {
  readonly webSocket: WsSocketLike
  readonly socket: Duplex
  readonly heartbeats: Heartbeats
}

function attach(decision: AdmittedDecision, { webSocket, socket, heartbeats }: Attachment): void {
  const connection = connectionOf(webSocket)
  const detach = decision.attach(connection)
  let ending: SilentEnding | null = null
  const forget = heartbeats.watch(webSocket, socket, (why) => {
    ending = why
    connection.close(sessionEndings[why])
  })
  webSocket.once('close', () => {
    forget()
    detach(ending)
  })
}

const openState = 1
// A peer that does not answer the close frame by then is gone. That of ws itself is 30 seconds.
const closeDeadlineMs = 3000

function connectionOf(webSocket: WsSocketLike): SessionConnection {
  let isClosing = false
  return {
    close({ closeCode, publicCode }) {
      // Silent, and revoked meanwhile.
      if (isClosing) return
      isClosing = true
      // Who is out has nothing to say any more, whatever comes before the close frame is answered.
      webSocket.removeAllListeners('message')
      webSocket.close(closeCode, publicCode)
      const timer = setTimeout(() => webSocket.terminate(), closeDeadlineMs).unref()
      webSocket.once('close', () => clearTimeout(timer))
    },
    destroy: () => webSocket.terminate(),
  }
}

const defaultMaxPayload = 100 * 1024 * 1024

/** Whoever has a good ticket may still fill the memory. */
function announceDangers({ options }: WsServerLike, emit: EventSink): void {
  const { maxPayload = 0, maxFragments = 0 } = options
  const announce = (setting: string, consequence: string) =>
    emit({ type: 'dangerous_setting', at: systemClock(), setting, consequence })
  if (maxPayload === 0 || maxPayload >= defaultMaxPayload) {
    announce(`maxPayload: ${maxPayload}`, 'one message may take 100 MiB or more; webSocketLimits has 64 KiB')
  }
  // ws before 8.21.0 has no such option (CVE-2026-48779).
  if (maxFragments === 0)
    announce('maxFragments: 0', 'fragments of a few bytes may take many times their size in memory')
}
