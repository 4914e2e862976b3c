// One process that issues tickets and opens event streams with them. Start: ISSUER=https://your.issuer node server.mjs
import { createServer } from 'node:http'
import { createAdmission, createIssuer, createSessions, createTicketEndpoint } from 'wsticket'
import { admitEventStream, boundRequests, createRequestListener, serverLimits, sessionOf } from 'wsticket/adapters/node'
import { discoverKeys } from 'wsticket/credentials/discovery'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { createMemoryStore } from 'wsticket/stores/memory'

const issuer = process.env.ISSUER ?? 'https://id.example'
const origins = ['https://app.example']
const store = createMemoryStore()
const sessions = createSessions()

const keys = await discoverKeys(issuer)
const authenticate = createJwtAuthenticator({ issuer, audience: 'https://api.example', keys, algorithms: ['ES256'] })
const issuing = { issuer: createIssuer({ store, audiences: ['feed'] }), authenticate, origins, sessions }
const tickets = createRequestListener(createTicketEndpoint(issuing))

// The EventSource of a browser has nothing but a URL: its ticket stands in the query, and in the access logs on the way.
const admission = createAdmission({ store, audience: 'feed', origins, sessions, carriers: ['query'] })

async function answerEvents(request, response) {
  if ((await admitEventStream(admission, request, response)) === null) return
  let count = Number(request.headers['last-event-id'] ?? 0)
  // Whoever does not read gets nothing more: what is written is kept until it is read.
  const tell = () => {
    if (!response.writableNeedDrain)
      response.write(`id: ${++count}\ndata: ${count} for ${sessionOf(request).subject}\n\n`)
  }
  const timer = setInterval(tell, 1000)
  response.once('close', () => clearInterval(timer))
  tell()
}

// Who sends thousands of requests behind a stream, or never reads its end, is cut off.
const events = boundRequests((request, response) => void answerEvents(request, response))

const server = createServer(serverLimits, (request, response) => {
  if (request.url.startsWith('/events')) events(request, response)
  else tickets(request, response)
})
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`listening on ${server.address().port}`))
