/**
 * Connections on which a request for an event stream is being decided or answered. Node hands over an upgrade that came behind its request, and leaves the answer where it is.
 * @module
 */
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

const busy = new WeakSet<Duplex>()

/** Until its answer is over, nothing else is to be written on it. */
export function markBusy(socket: Duplex, response: ServerResponse): void {
  busy.add(socket)
  response.once('close', () => busy.delete(socket))
}

/** Whether an answer is under way. */
export function isBusy(socket: Duplex): boolean {
  return busy.has(socket)
}
