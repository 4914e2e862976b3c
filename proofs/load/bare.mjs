/**
 * The control: the same doors with nothing of wsticket behind them. It verifies the same tokens, hands out one text for a ticket, and lets
 * everybody in; what it ends it ends in the same times, so that it bears the same attack: node bare.mjs ISSUER SESSION_LIFETIME_MS
 * @module
 */
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { WebSocketServer } from 'ws'
import { serverLimits } from 'wsticket/adapters/node'
import { webSocketLimits } from 'wsticket/adapters/ws'
import { echo } from './echo.mjs'
import { tokenAudience } from './issuer.mjs'

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { AddressInfo } from 'node:net' */

const [issuer = '', sessionLifetimeMs = ''] = process.argv.slice(2)
const closeMs = 3000
const keys = createRemoteJWKSet(new URL(`${issuer}/keys`))
const answer = JSON.stringify({ ticket: `wst_${'A'.repeat(43)}`, expires_in: 30 })

const server = createServer(serverLimits, (request, response) => void handOut(request, response))
const wss = new WebSocketServer({ server, ...webSocketLimits })
wss.on('connection', (socket) => {
  echo(socket)
  const timer = setTimeout(() => {
    socket.close()
    setTimeout(() => socket.terminate(), closeMs)
  }, Number(sessionLifetimeMs))
  socket.once('close', () => clearTimeout(timer))
})

/** @param {IncomingMessage} request @param {ServerResponse} response */
async function handOut(request, response) {
  try {
    await buffer(request)
    const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
    await jwtVerify(token, keys, { issuer, audience: tokenAudience, algorithms: ['ES256'] })
    response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': answer.length }).end(answer)
  } catch {
    response.writeHead(401, { 'Content-Length': 0 }).end()
  }
}

server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}\n`)
})
