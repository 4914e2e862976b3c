/**
 * What one connection of `node:http` can make a server keep: Node itself bounds neither how many requests it hands over before the
 * first is answered, nor how long answers wait for a client that reads nothing.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What `server.on('request', ...)` takes. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

// Hardly anybody sends a second one before the first is answered.
const mostUnanswered = 16
const unreadMs = 15_000

const unanswered: unique symbol = Symbol('wsticket.unanswered')

/**
 * Lets a listener have 16 requests at once of each connection: one with more is closed. So is one on which, after an answer was given,
 * nothing moves for 15 seconds, because the client does not read; and, where the server's `keepAliveTimeout` is 0 or a second request came
 * before the first was answered, one on which the next answer takes 15 seconds.
 */
export function boundRequests(listener: RequestListener): RequestListener {
  return (request, response) => {
    const socket = request.socket as Socket & { [unanswered]?: number }
    // Those that were read together with the one too many.
    if (socket.destroyed) return
    const count = (socket[unanswered] ?? 0) + 1
    if (count > mostUnanswered) return void socket.destroy()
    socket[unanswered] = count
    // When the last answer is sent, Node goes back to its own keepAliveTimeout, where it has one.
    response.once('prefinish', () => socket.setTimeout(unreadMs))
    response.once('finish', () => {
      socket[unanswered] = (socket[unanswered] ?? 1) - 1
    })
    listener(request, response)
  }
}
