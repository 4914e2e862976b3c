import type { Library } from '../library.ts'
import { connect } from '../recipes/reconnecting-websocket.ts'
import { echo, serveEcho } from '../serving.ts'

export const reconnectingWebSocket: Library = {
  name: 'reconnecting-websocket',
  injection: 'option `WebSocket`',
  serve: serveEcho,
  connect({ host, tickets }) {
    const socket = connect(`ws://${host}/ws`, tickets)
    return { exchange: () => echo(socket), close: () => socket.close() }
  },
}
