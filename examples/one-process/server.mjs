// One process that issues tickets and opens WebSockets with them. Start: ISSUER=https://your.issuer node server.mjs
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { createAdmission, createIssuer, createTicketEndpoint } from 'wsticket'
import { createRequestListener, serverLimits } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, sessionOf, webSocketLimits } from 'wsticket/adapters/ws'
import { discoverKeys } from 'wsticket/credentials/discovery'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { createMemoryStore } from 'wsticket/stores/memory'

const issuer = process.env.ISSUER ?? 'https://id.example'
const origins = ['https://app.example']
// Behind a reverse proxy, give its address as trustedProxies to the endpoint and to admission: docs/client-address.md.
const store = createMemoryStore()

// Your HTTP side: who has a good token gets a ticket.
const keys = await discoverKeys(issuer)
const authenticate = createJwtAuthenticator({ issuer, audience: 'https://api.example', keys, algorithms: ['ES256'] })
const endpoint = createTicketEndpoint({ issuer: createIssuer({ store, audiences: ['chat'] }), authenticate, origins })
const server = createServer(serverLimits, createRequestListener(endpoint))

// Your WebSocket side: who has a good ticket gets in, once.
const admission = createAdmission({ store, audience: 'chat', origins })
const wss = new WebSocketServer({ noServer: true, ...webSocketLimits })
server.on('upgrade', createWebSocketUpgrade(admission, wss))
wss.on('connection', (socket, request) => socket.send(`hello ${sessionOf(request).subject}`))

server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`listening on ${server.address().port}`))
