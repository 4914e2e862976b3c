/**
 * A document that two sides edit, for the two libraries that keep one in step.
 * @module
 */
import { createDecoder, type Decoder, readVarUint } from 'lib0/decoding'
import { createEncoder, type Encoder, length, toUint8Array, writeVarUint } from 'lib0/encoding'
import type { WebSocket } from 'ws'
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync'
import { Doc } from 'yjs'

const syncMessage = 0

/** Whatever stands before the type of a message. */
export interface Framing {
  read(decoder: Decoder): void
  write(encoder: Encoder): void
}

/** The server's side: it answers each question that the client puts into the document. */
export function keepDocument(socket: WebSocket, framing: Framing, onOther = (_type: number) => {}): void {
  const document = new Doc()
  let isNew = true
  const words = document.getMap('words')
  const send = (write: (encoder: Encoder) => void) => {
    const encoder = createEncoder()
    framing.write(encoder)
    writeVarUint(encoder, syncMessage)
    const empty = length(encoder)
    write(encoder)
    if (length(encoder) > empty) socket.send(toUint8Array(encoder))
  }
  document.on('update', (update: Uint8Array) => send((encoder) => writeUpdate(encoder, update)))
  words.observe(() => {
    if (words.get('answer') !== words.get('question')) words.set('answer', words.get('question'))
  })
  socket.on('message', (data: Buffer) => {
    const decoder = createDecoder(new Uint8Array(data))
    framing.read(decoder)
    const type = readVarUint(decoder)
    if (type !== syncMessage) return onOther(type)
    send((encoder) => readSyncMessage(decoder, encoder, document, null))
    if (isNew) send((encoder) => writeSyncStep1(encoder, document))
    isNew = false
  })
}

/** The client's side: puts a question into the document, and resolves when the server's answer is there. */
export function ask(document: Doc): Promise<unknown> {
  const words = document.getMap('words')
  const question = Math.random()
  words.set('question', question)
  return new Promise((resolve) => words.observe(() => words.get('answer') === question && resolve(question)))
}
