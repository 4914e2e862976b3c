// The machine with your HTTP API: whoever has a good token gets a ticket.
// Start: WSTICKET_STORE=redis://127.0.0.1:6379 ISSUER=https://your.issuer node issuer.mjs
import { createServer } from 'node:http'
import { createIssuer, createTicketEndpoint } from 'wsticket'
import { createRequestListener, serverLimits } from 'wsticket/adapters/node'
import { discoverKeys } from 'wsticket/credentials/discovery'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { openStore } from 'wsticket/open-store'

const issuer = process.env.ISSUER ?? 'https://id.example'
const store = await openStore(process.env.WSTICKET_STORE ?? 'redis://127.0.0.1:6379')

const keys = await discoverKeys(issuer)
const authenticate = createJwtAuthenticator({ issuer, audience: 'https://api.example', keys, algorithms: ['ES256'] })
const tickets = createIssuer({ store, audiences: ['chat'] })
const endpoint = createTicketEndpoint({ issuer: tickets, authenticate, origins: ['https://app.example'] })

const server = createServer(serverLimits, createRequestListener(endpoint))
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`listening on ${server.address().port}`))
