/**
 * The control: the same doors with nothing of wsticket behind them. It verifies the same tokens, hands out one text for a ticket, and lets
 * everybody in; what it ends it ends in the same times, so that it bears the same attack: node bare.mjs ISSUER SESSION_LIFETIME_MS
 * @module
 */
import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { WebSocketServer } from 'ws'
import { boundRequests, serverLimits } from 'wsticket/adapters/node'
import { webSocketLimits } from 'wsticket/adapters/ws'
import { echo } from './echo.mjs'
import { tokenAudience } from './issuer.mjs'

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { AddressInfo } from 'node:net' */
/** @import { WebSocket } from 'ws' */

const [issuer = '', sessionLifetimeMs = ''] = process.argv.slice(2)
const closeMs = 3000
const lookMs = 100
const keys = createRemoteJWKSet(new URL(`${issuer}/keys`))
const answer = JSON.stringify({ ticket: `wst_${'A'.repeat(43)}`, expires_in: 30 })

/** @type {Map<WebSocket, number>} when each has to have ended */
const endings = new Map()

const server = createServer(
  serverLimits,
  boundRequests((request, response) => void handOut(request, response)),
)
new WebSocketServer({ server, ...webSocketLimits }).on('connection', (socket) => {
  echo(socket)
  endings.set(socket, performance.now() + Number(sessionLifetimeMs))
  socket.once('close', () => endings.delete(socket))
})
setInterval(endSessions, lookMs)

/** @param {IncomingMessage} request @param {ServerResponse} response */
async function handOut({ headers }, response) {
  try {
    const token = headers.authorization?.slice('Bearer '.length) ?? ''
    await jwtVerify(token, keys, { issuer, audience: tokenAudience, algorithms: ['ES256'] })
    response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': answer.length }).end(answer)
  } catch {
    response.writeHead(401, { 'Content-Length': 0 }).end()
  }
}

/** As often as the registry of sessions looks. */
function endSessions() {
  const now = performance.now()
  for (const [socket, endsAt] of endings) {
    if (now >= endsAt + closeMs) socket.terminate()
    else if (now >= endsAt) socket.close()
  }
}

server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}\n`)
})
