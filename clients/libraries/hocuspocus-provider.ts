import { writeAuthenticated } from '@hocuspocus/common'
import { readVarString } from 'lib0/decoding'
import { createEncoder, type Encoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'
import type { WebSocketServer } from 'ws'
import { Doc } from 'yjs'
import { ask, keepDocument } from '../answering-document.ts'
import type { Library } from '../library.ts'
import { connect } from '../recipes/hocuspocus-provider.ts'

export const hocuspocus: Library = {
  name: '@hocuspocus/provider',
  injection: '`WebSocketPolyfill` of `HocuspocusProviderWebsocket`',
  serve: serveRoom,
  connect({ host, tickets }) {
    const document = new Doc()
    const socket = connect(`ws://${host}`, document, tickets)
    return { exchange: () => ask(document), close: () => socket.destroy() }
  },
}

const authMessage = 2
const framing = { read: readVarString, write: (encoder: Encoder) => writeVarString(encoder, 'room') }

function serveRoom(server: WebSocketServer): void {
  server.on('connection', (socket) =>
    keepDocument(socket, framing, (type) => {
      if (type !== authMessage) return
      const encoder = createEncoder()
      framing.write(encoder)
      writeVarUint(encoder, authMessage)
      writeAuthenticated(encoder, 'read-write')
      socket.send(toUint8Array(encoder))
    }),
  )
}
