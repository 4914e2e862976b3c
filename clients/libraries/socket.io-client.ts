import type { IncomingMessage } from 'node:http'
import { Server as Engine } from 'engine.io'
import { Server } from 'socket.io'
import type { WebSocket, WebSocketServer } from 'ws'
import type { Library } from '../library.ts'
import { connect } from '../recipes/socket.io-client.ts'

export const socketIoClient: Library = {
  name: 'socket.io-client',
  injection: 'a transport of five lines',
  notes: ['Its first transport is HTTP long-polling, which has no handshake that a ticket could open: it is left out.'],
  serve: serveSocketIo,
  connect({ host, tickets }) {
    const socket = connect(`ws://${host}`, tickets)
    return { exchange: () => socket.emitWithAck('question'), close: () => socket.close() }
  },
}

/** What Engine.IO does with a WebSocket that it has accepted itself. */
interface WebSocketTaker {
  prepare(request: IncomingMessage): void
  onWebSocket(request: IncomingMessage, socket: unknown, webSocket: WebSocket): void
}

function serveSocketIo(server: WebSocketServer): void {
  const engine = new Engine()
  const taker = engine as unknown as WebSocketTaker
  new Server().bind(engine).on('connection', (socket) => socket.on('question', (answer: () => void) => answer()))
  server.on('connection', (webSocket, request) => {
    taker.prepare(request)
    taker.onWebSocket(request, request.socket, webSocket)
  })
}
