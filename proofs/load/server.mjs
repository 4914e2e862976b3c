/**
 * A server made with the library, with the limits on sizes and times that it brings. Rates are not limited: all
 * who attack have one address here, and what is proven is that their sockets do not matter: node server.mjs ISSUER SESSION_LIFETIME_MS
 * @module
 */
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { createAdmission, createIssuer, createSessions, createTicketEndpoint } from 'wsticket'
import { createRequestListener, serverLimits } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, webSocketLimits } from 'wsticket/adapters/ws'
import { discoverKeys } from 'wsticket/credentials/discovery'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { createMemoryStore } from 'wsticket/stores/memory'
import { audience, origin } from './client.mjs'
import { echo } from './echo.mjs'
import { tokenAudience } from './issuer.mjs'

/** @import { AddressInfo } from 'node:net' */

const [issuer = '', sessionLifetimeMs = ''] = process.argv.slice(2)
const store = createMemoryStore()
const keys = await discoverKeys(issuer)
const authenticate = createJwtAuthenticator({ issuer, audience: tokenAudience, keys, algorithms: ['ES256'] })
const unlimited = /** @type {const} */ ({ everybody: 'unlimited', perAddress: 'unlimited' })
const endpoint = createTicketEndpoint({
  issuer: createIssuer({
    store,
    audiences: [audience],
    sessionLifetimeMs: Number(sessionLifetimeMs),
    ticketsPerSubject: 'unlimited',
  }),
  authenticate,
  origins: [origin],
  limits: { ...unlimited, perSubject: 'unlimited' },
})
const server = createServer(serverLimits, createRequestListener(endpoint))

const wss = new WebSocketServer({ noServer: true, ...webSocketLimits })
const sessions = createSessions({ sessionsPerSubject: 'unlimited' })
const admission = createAdmission({ store, audience, origins: [origin], limits: unlimited, sessions })
server.on('upgrade', createWebSocketUpgrade(admission, wss))
process.on('message', (question) => {
  if (question === 'sessions') process.send?.({ sessions: sessions.count() })
})
wss.on('connection', echo)

server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}\n`)
})
