/**
 * The ways in which a socket can be a burden. Each begins when the TCP connection is there.
 * @module
 */
import { askForTicket, frameOf, handshakeOf } from './client.mjs'

/** @import { Socket } from 'node:net' */

/**
 * @typedef {object} Way
 * @property {number} share of all hostile sockets
 * @property {boolean} [admitted] whether it has a ticket, and is let in
 * @property {boolean} [flood] whether it is no burden to keep but a burden to read: it has an attack of its own, whose timings nobody judges
 * @property {(limits: { sessionLifetimeMs: number }) => number} endedAfterMs when a server has to have ended it, at the latest
 * @property {(socket: Socket) => void} [misbehave] what it does when it is connected, or let in
 */

const requests = 'GET /tickets HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100)
const continuation = frameOf(0x00, 1)

// Those who read nothing are few: the system keeps tens of megabytes for each. What it costs to fill them is a flood: Node makes objects of
// every request in what it has read at once, 64 KiB, before anybody can say that there are too many. Only who counts connections stops that.

/** The server looks for requests that are late every quarter of a second. */
const lookMs = 250
/** Sessions end within a tenth of a second, and a peer that does not answer the close frame has three seconds. */
const closeMs = 3100

/** @type {{ readonly [name: string]: Way }} */
export const ways = {
  'says nothing': { share: 0.2, endedAfterMs: () => 10_000 + lookMs },
  'drips its head': {
    share: 0.2,
    endedAfterMs: () => 10_000 + lookMs,
    misbehave(socket) {
      socket.write('GET /ws HTTP/1.1\r\nHost: a\r\nX: ')
      every(socket, 1000, () => socket.write('a'))
    },
  },
  'drips its body': {
    share: 0.2,
    endedAfterMs: () => 15_000 + lookMs,
    misbehave(socket) {
      socket.write('POST /tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n')
      every(socket, 1000, () => socket.write('a'))
    },
  },
  'reads no answers': {
    share: 0.002,
    flood: true,
    endedAfterMs: () => 15_000 + lookMs,
    misbehave(socket) {
      socket.pause()
      writeWithoutEnd(socket, requests)
    },
  },
  'silent after 101': {
    share: 0.2,
    admitted: true,
    endedAfterMs: ({ sessionLifetimeMs }) => sessionLifetimeMs + closeMs,
  },
  'tiny fragments': {
    share: 0.197,
    admitted: true,
    endedAfterMs: ({ sessionLifetimeMs }) => sessionLifetimeMs + closeMs,
    misbehave(socket) {
      socket.write(frameOf(0x02, 1))
      every(socket, 1000, () => socket.write(Buffer.concat(Array.from({ length: 10 }, () => continuation))))
    },
  },
  'reads no messages': {
    share: 0.001,
    admitted: true,
    endedAfterMs: ({ sessionLifetimeMs }) => sessionLifetimeMs + closeMs,
    misbehave(socket) {
      socket.pause()
      writeWithoutEnd(socket, frameOf(0x82, 32_768))
    },
  },
}

/**
 * Makes a connected socket a burden.
 * @param {Socket} socket @param {Way} way @param {{ port: number, token: string }} server
 */
export async function burden(socket, way, { port, token }) {
  if (way.admitted) {
    socket.write(handshakeOf(await askForTicket(port, token)))
    await new Promise((resolve) => socket.once('data', resolve))
  }
  way.misbehave?.(socket)
  // Without a reader the end of a connection is not noticed; what is not to be read stays paused.
  if (!socket.isPaused()) socket.resume()
}

/** @param {Socket} socket @param {number} periodMs @param {() => void} act */
function every(socket, periodMs, act) {
  const timer = setInterval(act, periodMs)
  socket.once('close', () => clearInterval(timer))
}

/** As much as the server takes. @param {Socket} socket @param {string | Buffer} bytes */
function writeWithoutEnd(socket, bytes) {
  const write = () => {
    while (!socket.destroyed && socket.write(bytes)) {}
  }
  socket.on('drain', write)
  write()
}
