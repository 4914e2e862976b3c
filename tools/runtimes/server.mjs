/**
 * A ticket endpoint and a WebSocket server in one process, made with the library.
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { createAdmission, createIssuer, createSessions, createTicketEndpoint } from 'wsticket'
import { createRequestListener, serverLimits } from 'wsticket/adapters/node'
import { createWebSocketUpgrade, webSocketLimits } from 'wsticket/adapters/ws'
import { createMemoryStore } from 'wsticket/stores/memory'

/** @import { AddressInfo } from 'node:net' */

/** @returns {Promise<{ host: string, stop: () => void }>} */
export async function startServer() {
  const store = createMemoryStore()
  const sessions = createSessions()
  const endpoint = createTicketEndpoint({
    issuer: createIssuer({ store, audiences: ['chat'] }),
    authenticate: createAuthenticator(),
    origins: [],
    sessions,
  })
  const admission = createAdmission({
    store,
    audience: 'chat',
    origins: [],
    sessions,
    nonBrowserClients: 'any_carrier',
    permit: async (_, { target }) => !target.startsWith('/private'),
  })
  const tickets = createRequestListener(endpoint)
  const server = createServer(serverLimits, (request, response) => {
    if (request.url === '/elsewhere') response.writeHead(307, { location: '/tickets' }).end()
    else tickets(request, response)
  })
  server.on('upgrade', createWebSocketUpgrade(admission, startEcho()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {AddressInfo} */ (server.address())
  return {
    host: `127.0.0.1:${port}`,
    stop() {
      sessions.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

function startEcho() {
  const wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'chat.v1', ...webSocketLimits })
  wss.on('connection', (socket) =>
    socket.on('message', (data) => socket.send(`you said ${/** @type {Buffer} */ (data).toString()}`)),
  )
  return wss
}

/**
 * Everybody is good but `bad`; `unlucky` is told once that it cannot be known.
 * @returns {import('wsticket').Authenticate}
 */
function createAuthenticator() {
  let isLucky = false
  return async ({ headers }) => {
    const credential = headers.get('authorization')
    if (credential === 'Bearer unlucky' && !isLucky) {
      isLucky = true
      throw new Error('This is told once.')
    }
    if (credential === 'Bearer bad') return 'credential_invalid'
    return { issuer: 'https://id.example', subject: 'alice', claims: {}, expiresAt: null }
  }
}
