import type { Library } from '../library.ts'
import { connect } from '../recipes/sturdy-websocket.ts'
import { echo, serveEcho } from '../serving.ts'

export const sturdyWebSocket: Library = {
  name: 'sturdy-websocket',
  injection: 'option `wsConstructor`',
  serve: serveEcho,
  connect({ host, tickets }) {
    const socket = connect(`ws://${host}/ws`, tickets)
    return { exchange: () => echo(socket), close: () => socket.close() }
  },
}
