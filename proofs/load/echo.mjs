/**
 * The application: sends back what it gets, and reads no faster than it is read.
 * As a program it is an upstream of the gateway: node echo.mjs
 * @module
 */
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'
import { WebSocketServer } from 'ws'
import { webSocketLimits } from 'wsticket/adapters/ws'

/** @import { AddressInfo } from 'node:net' */
/** @import { WebSocket } from 'ws' */

/** @param {WebSocket} socket */
export function echo(socket) {
  socket.on('error', () => {})
  socket.on('message', (message, binary) => {
    socket.pause()
    socket.send(message, { binary }, () => socket.resume())
  })
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = createServer()
  new WebSocketServer({ server, ...webSocketLimits }).on('connection', echo)
  server.listen(0, '127.0.0.1', () => {
    process.stderr.write(`http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}\n`)
  })
}
