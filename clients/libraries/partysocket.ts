import type { Library } from '../library.ts'
import { connect } from '../recipes/partysocket.ts'
import { echo, serveEcho } from '../serving.ts'

export const partysocket: Library = {
  name: 'partysocket',
  injection: 'option `WebSocket`, of `PartySocket`, too',
  serve: serveEcho,
  connect({ host, tickets }) {
    const socket = connect(`ws://${host}/ws`, tickets)
    return { exchange: () => echo(socket), close: () => socket.close() }
  },
}
