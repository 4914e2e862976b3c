/**
 * The clients of a gateway that is about to stop: real WebSockets, one that reads nothing, and one that comes too late.
 * @module
 */
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { askForTicket, frameOf, handshakeOf, origin } from '../load/client.mjs'

/** @import { IncomingMessage } from 'node:http' */
/** @import { Socket } from 'node:net' */

/**
 * @typedef {object} Gateway
 * @property {number} port
 * @property {string} token
 * @property {number} [ticketPort] where its tickets come from, where that is not the gateway itself
 * @property {boolean} [talks] whether every tenth client talks without end; it does unless told otherwise
 *
 * @typedef {object} Fate
 * @property {number} code of the close frame; 1006 for none
 * @property {string} reason
 * @property {boolean} wasReset whether its connection broke instead of ending
 * @property {number} at
 *
 * @typedef {object} Client
 * @property {Promise<Fate>} fate
 * @property {() => boolean} isOver
 */

const atOnce = 16
const talkEveryMs = 20
const message = Buffer.alloc(20_000)

/** @param {number} count @param {Gateway} gateway @returns {Promise<Client[]>} */
export async function openClients(count, gateway) {
  /** @type {Client[]} */
  const clients = []
  let begun = 0
  const openInTurn = async () => {
    while (begun < count) {
      begun += 1
      const talks = (gateway.talks ?? true) && begun % 10 === 0
      clients.push(await openClient(gateway, talks))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, openInTurn))
  return clients
}

/** @param {Gateway} gateway @param {boolean} talks @returns {Promise<Client>} */
async function openClient({ port, token, ticketPort = port }, talks) {
  const ticket = await askForTicket(ticketPort, token)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['wsticket.v1', ticket], { origin })
  let wasReset = false
  socket.on('error', () => {
    wasReset = true
  })
  socket.once('upgrade', (/** @type {IncomingMessage} */ response) => {
    response.socket.once('close', (/** @type {boolean} */ failed) => {
      wasReset ||= failed
    })
  })
  const fate = new Promise((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason), wasReset, at: performance.now() }))
  })
  await once(socket, 'open')
  if (talks) talk(socket)
  return { fate, isOver: () => socket.readyState === WebSocket.CLOSED }
}

/** @param {WebSocket} socket */
function talk(socket) {
  const timer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount === 0) socket.send(message)
  }, talkEveryMs)
  socket.once('close', () => clearInterval(timer))
}

/** Has much sent to it, and reads none of it. @param {Gateway} gateway @returns {Promise<Socket>} */
export async function openBlackhole({ port, token }) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(handshakeOf(await askForTicket(port, token)))
  await once(socket, 'data')
  socket.pause()
  for (let sent = 0; sent < 400; sent += 1) socket.write(frameOf(0x82, 32_768))
  return socket
}

/** @param {number} port @param {string} ticket @returns {Promise<number | null>} the status of the answer; null for none */
export function knock(port, ticket) {
  return new Promise((resolve) => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      Origin: origin,
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol': `wsticket.v1, ${ticket}`,
    }
    const asking = request({ host: '127.0.0.1', port, path: '/ws', agent: false, headers })
    asking.on('error', () => resolve(null))
    asking.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? null)
    })
    asking.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve(101)
    })
    asking.end()
  })
}
