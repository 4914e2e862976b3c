/**
 * The least that a WebSocket can carry, and a way to serve what answers message by message.
 * @module
 */
import type { Serve } from './service.ts'

/** Says what a message of a client is answered. */
type Answer = (message: string, send: (answer: string) => void) => void

/** Serves a protocol in which the client begins. */
export const answerMessages =
  (answer: Answer): Serve =>
  (server) =>
    server.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => answer(data.toString(), (message) => socket.send(message))),
    )

/** Sends back what comes, for libraries that have no protocol of their own. */
export const serveEcho: Serve = answerMessages((message, send) => send(message))

/** What a WebSocket, or a wrapper of one, has. */
interface Sender {
  send(data: string): unknown
  addEventListener(type: 'message', listener: (event: MessageEvent) => void, options?: { once: boolean }): unknown
}

/** Resolves when something came back. */
export function echo(socket: Sender): Promise<unknown> {
  return new Promise((resolve) => {
    socket.addEventListener('message', resolve, { once: true })
    socket.send('echo')
  })
}
