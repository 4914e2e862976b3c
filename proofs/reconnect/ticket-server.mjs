/**
 * The issuer of tickets, made with the library, which notes when it is asked for one, and tells it: node ticket-server.mjs ISSUER STORE_URL
 * @module
 */
import { createServer } from 'node:http'
import { createIssuer, createTicketEndpoint } from 'wsticket'
import { createRequestListener, serverLimits } from 'wsticket/adapters/node'
import { discoverKeys } from 'wsticket/credentials/discovery'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { openStore } from 'wsticket/open-store'
import { audience, origin } from '../load/client.mjs'
import { tokenAudience } from '../load/issuer.mjs'

/** @import { AddressInfo } from 'node:net' */

const [issuer = '', url = ''] = process.argv.slice(2)
const keys = await discoverKeys(issuer)
const endpoint = createTicketEndpoint({
  issuer: createIssuer({ store: await openStore(url), audiences: [audience] }),
  authenticate: createJwtAuthenticator({ issuer, audience: tokenAudience, keys, algorithms: ['ES256'] }),
  origins: [origin],
  // All of them have one address here.
  limits: { perAddress: 'unlimited' },
})

/** Milliseconds since the epoch. @type {number[]} */
let askedAt = []

const server = createServer(serverLimits)
server.on('request', ({ method }) => {
  if (method === 'POST') askedAt.push(performance.timeOrigin + performance.now())
})
server.on('request', createRequestListener(endpoint))
process.on('message', () => {
  process.send?.({ askedAt })
  askedAt = []
})
// Whoever started this process may be gone.
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}\n`)
})
