// Subject: POST /tickets, the whole of it: verify, decide, make, store, answer, audit.
import { createServer } from 'node:http'
import { createIssuer, createMemoryLimiter, createTicketEndpoint } from 'wsticket'
import { createRequestListener } from 'wsticket/adapters/node'
import { createJwtAuthenticator } from 'wsticket/credentials/jwt'
import { createMemoryStore } from 'wsticket/stores/memory'
import { audience, issuer, keys, signToken } from './identity-provider.mjs'
import { serve } from './subject.mjs'

const onEvent = ({ type }) => {
  if (type === 'ticket_issued') server.done++
}
const store = createMemoryStore({ maxRecords: 1_000_000 })
/** Costs what the defaults cost, and refuses nobody. */
const wide = () => createMemoryLimiter({ perSecond: 1_000_000, burst: 1_000_000 })
const endpoint = createTicketEndpoint({
  issuer: createIssuer({ store, audiences: ['bench'], ticketsPerSubject: 'unlimited', onEvent }),
  authenticate: createJwtAuthenticator({ issuer, audience, keys, algorithms: ['ES256'] }),
  origins: ['https://app.example'],
  limits: { everybody: wide(), perAddress: wide(), perSubject: wide() },
  onEvent,
})
const server = createServer(createRequestListener(endpoint))
server.done = 0
serve(server, async (count) => Array(count).fill(await signToken()))
