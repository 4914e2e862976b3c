/**
 * Event streams behind tickets, in one process: `/tickets`, and `/events`, where what the application sees is kept and what it sends is up to the test.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AdmissionOptions,
  type AuditEvent,
  createAdmission,
  createIssuer,
  createSessions,
  createTicketEndpoint,
  type Identity,
  type Sessions,
  type SessionsOptions,
} from 'wsticket'
import { admitEventStream, createRequestListener, createUpgradeListener, serverLimits } from 'wsticket/adapters/node'
import { createMemoryStore } from 'wsticket/stores/memory'
import type { Lock } from '../../src/lock.ts'
import { createHeldStore, type HeldStore } from '../../src/testing/held-store.ts'
import type { Ticket } from '../../src/ticket.ts'

export const streamOrigin = 'https://app.example'
export const alice: Identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }

/** A stream that was let in: its request and its answer, as the application has them. */
export interface SeenStream {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export interface StreamServer {
  readonly url: string
  readonly sessions: Sessions
  readonly store: HeldStore
  readonly streams: readonly SeenStream[]
  readonly events: readonly AuditEvent[]
  /** How often a ticket was asked for over HTTP. */
  readonly ticketRequests: () => number
  /** Answers ticket requests instead of the endpoint, as long as it returns true. */
  interfere: (response: ServerResponse) => boolean
  /** A ticket without the detour over HTTP. */
  issue(lock?: Lock | null, sessionLifetimeMs?: number): Promise<Ticket>
  stop(): Promise<void>
}

export interface StreamServerOptions extends Partial<AdmissionOptions> {
  readonly registry?: SessionsOptions
  /** Default: those of the page. */
  readonly origins?: readonly string[]
  /** What the application does with a stream that was let in. */
  readonly onStream?: (stream: SeenStream) => void
  /** What it does with every response, before that is decided. */
  readonly onResponse?: (response: ServerResponse) => void
}

/** Starts one on a free port. The credential is `good`. */
export async function startStreamServer(options: StreamServerOptions = {}): Promise<StreamServer> {
  const { registry = {}, onStream = () => {}, onResponse = () => {}, origins = [streamOrigin], ...others } = options
  const store = createHeldStore(createMemoryStore())
  const events: AuditEvent[] = []
  const sessions = createSessions(registry)
  const carriers = ['query'] as const
  const onEvent = (event: AuditEvent) => void events.push(event)
  const admission = createAdmission({ store, audience: 'feed', origins, carriers, sessions, onEvent, ...others })
  const issuer = createIssuer({ store, audiences: ['feed'], ticketsPerSubject: 'unlimited' })
  const authenticate = async ({ headers }: Request) =>
    headers.get('authorization') === 'Bearer good' ? alice : 'credential_invalid'
  const answerTickets = createRequestListener(createTicketEndpoint({ issuer, authenticate, origins, sessions }))
  const streams: SeenStream[] = []
  let ticketRequests = 0
  const made: Pick<StreamServer, 'interfere'> = { interfere: () => false }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/tickets')) {
      if (request.method === 'POST') ticketRequests += 1
      return made.interfere(response) || answerTickets(request, response)
    }
    onResponse(response)
    if ((await admitEventStream(admission, request, response)) === null) return
    streams.push({ request, response })
    onStream({ request, response })
  }
  const server = createServer(serverLimits, (request, response) => void answer(request, response))
  server.on(
    'upgrade',
    createUpgradeListener(admission, () => {}),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(made, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    store,
    streams,
    events,
    ticketRequests: () => ticketRequests,
    async issue(lock: Lock | null = null, sessionLifetimeMs = 3_600_000) {
      const from = { clientAddress: '127.0.0.1', origin: streamOrigin, lock }
      const issued = await issuer.issue(alice, { audience: 'feed', sessionLifetimeMs }, from)
      if (typeof issued !== 'object' || !('ticket' in issued)) throw new TypeError('there should be a ticket')
      return issued.ticket
    },
    async stop() {
      sessions.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
