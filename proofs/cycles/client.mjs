/**
 * One WebSocket from its ticket to its end, over bare TCP.
 * @module
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { askForTicket, frameOf, handshakeOf } from '../load/client.mjs'

/** @import { Socket } from 'node:net' */

/** The ways in which a client ends, in turn. @type {readonly ((socket: Socket) => void)[]} */
const ends = [
  (socket) => socket.write(frameOf(0x88, 0)),
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
]

/** @param {number} turn @param {{ port: number, token: string }} server */
export async function cycle(turn, { port, token }) {
  const ticket = await askForTicket(port, token)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(handshakeOf(ticket))
  const [head] = await once(socket, 'data')
  if (!String(head).startsWith('HTTP/1.1 101 '))
    throw new Error(`a handshake was answered with ${String(head).slice(0, 12)}`)
  ends[turn % ends.length]?.(socket)
  await closed
}
