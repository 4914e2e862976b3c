import { WebsocketEvent } from 'websocket-ts'
import type { Library } from '../library.ts'
import { connect, install } from '../recipes/websocket-ts.ts'
import { serveEcho } from '../serving.ts'

export const websocketTs: Library = {
  name: 'websocket-ts',
  injection: 'none: `installTicketWebSocket`',
  serve: serveEcho,
  connect({ host, tickets }) {
    const url = `ws://${host}/ws`
    const uninstall = install(url, tickets)
    const socket = connect(url)
    return {
      exchange: () =>
        new Promise((resolve) => {
          socket.addEventListener(WebsocketEvent.message, resolve, { once: true })
          socket.send('echo')
        }),
      close() {
        socket.close()
        uninstall()
      },
    }
  },
}
