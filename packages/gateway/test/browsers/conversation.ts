/**
 * What the server of the contract site says over a WebSocket.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { sessionOf } from 'wsticket/adapters/ws'
import type { Journal } from './contract-places.ts'

/** What it does where the message is one of these; anything else it sends back. */
const commands: Readonly<Record<string, (webSocket: WebSocket, session: string) => void>> = {
  'who am I': (webSocket, session) => webSocket.send(session),
  'say goodbye': (webSocket) => webSocket.close(4000, 'goodbye'),
  'be gone': (webSocket) => webSocket.terminate(),
  // 0x83: a frame with a reserved opcode (RFC 6455 section 5.2).
  'break the protocol': (webSocket) =>
    (webSocket as unknown as { readonly _socket: Duplex })._socket.write('\x83\x00', 'latin1'),
}

/** Answers whatever comes, and keeps the journal. */
export function converse(webSocket: WebSocket, request: IncomingMessage, journal: Journal): void {
  const { id } = sessionOf(request)
  journal.sessions.push(id)
  webSocket.on('message', (data: Buffer, isBinary) => {
    journal.messages += 1
    const command = isBinary ? undefined : commands[data.toString()]
    if (command === undefined) webSocket.send(data, { binary: isBinary })
    else command(webSocket, id)
  })
}
