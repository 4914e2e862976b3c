/**
 * How a handshake ends that opens nothing: with an answer, or with a close frame where the 101 is sent already, and without a reset.
 * @module
 */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpAnswer } from '../problem.ts'
import type { RefusalRow } from '../refusals.ts'

/** How a WebSocket is closed (RFC 6455 section 7.4). */
export type Closing = Pick<RefusalRow, 'closeCode' | 'publicCode'>

const lingerMs = 2000

/**
 * Writes an answer to an upgrade request, and closes the connection. What the client still sends is read and dropped until
 * it closes, too, for 2 seconds at the most: a close with unread bytes is a reset, which can overtake the answer (RFC 9112
 * section 9.6).
 */
export function refuseUpgrade(socket: Duplex, { status, headers, body }: HttpAnswer): void {
  const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  endWith(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`)
}

/** Closes a WebSocket with a close frame, and the connection behind it as {@link refuseUpgrade} does. */
export function closeWebSocket(socket: Duplex, { closeCode, publicCode }: Closing): void {
  const payload = Buffer.from(`..${publicCode}`, 'latin1')
  payload.writeUInt16BE(closeCode)
  endWith(socket, Buffer.concat([Buffer.from([0x88, payload.length]), payload]))
}

function endWith(socket: Duplex, last: string | Buffer): void {
  const deadline = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.once('close', () => clearTimeout(deadline))
  socket.resume()
  socket.end(last)
}
