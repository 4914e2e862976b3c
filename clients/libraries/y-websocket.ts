import { Doc } from 'yjs'
import { ask, keepDocument } from '../answering-document.ts'
import type { Library } from '../library.ts'
import { connect } from '../recipes/y-websocket.ts'

const nothing = () => {}

export const yWebSocket: Library = {
  name: 'y-websocket',
  injection: 'option `WebSocketPolyfill`',
  remarks: { goesOn: 'after `provider.connect()`' },
  serve: (server) => server.on('connection', (socket) => keepDocument(socket, { read: nothing, write: nothing })),
  connect({ host, tickets }) {
    const document = new Doc()
    const provider = connect(`ws://${host}`, document, tickets)
    return {
      exchange: () => ask(document),
      afterSignIn: () => provider.connect(),
      close: () => provider.destroy(),
    }
  },
}
