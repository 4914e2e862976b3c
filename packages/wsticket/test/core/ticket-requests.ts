/**
 * What the tests of the ticket endpoint have in common: an endpoint whose credential is a name, and requests for tickets.
 * @module
 */
import type { Authenticate, Identity } from '../../src/credential.ts'
import { createIssuer, type IssuerOptions } from '../../src/issuer.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { createTicketEndpoint, type TicketEndpointOptions } from '../../src/ticket-endpoint.ts'
import { createAudit, pageOrigin, start } from './fixtures.ts'

export const endpointUrl = 'https://api.example/tickets'

export const peer = { address: '192.0.2.7' }

const refusals = {
  malformed: 'credential_malformed',
  invalid: 'credential_invalid',
  expired: 'credential_expired',
} as const

/** `Authorization: Bearer alice` is Alice; some names are bad credentials. */
export const authenticateByName: Authenticate = async (request) => {
  const name = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
  if (name === undefined) return 'credential_missing'
  if (Object.hasOwn(refusals, name)) return refusals[name as keyof typeof refusals]
  const identity: Identity = { issuer: 'https://issuer.example', subject: name, expiresAt: null, claims: {} }
  return identity
}

export interface EndpointChanges extends Partial<TicketEndpointOptions> {
  readonly issuing?: Partial<IssuerOptions>
}

export function setUpEndpoint({ issuing = {}, ...changes }: EndpointChanges = {}) {
  const audit = createAudit()
  const store = createMemoryStore({ clock: () => start })
  const issuer = createIssuer({ store, audiences: ['chat', 'feed'], clock: () => start, ...issuing })
  const endpoint = createTicketEndpoint({
    issuer,
    authenticate: authenticateByName,
    origins: [pageOrigin],
    onEvent: audit.onEvent,
    clock: () => start,
    ...changes,
  })
  return { endpoint, store, events: audit.events }
}

export interface Asking {
  readonly url?: string
  readonly method?: string
  readonly headers?: { readonly [name: string]: string | null }
  readonly body?: BodyInit | null
}

/** A request for a ticket that Alice sends from no page, unless the test says otherwise. */
export function asking({ url = endpointUrl, method = 'POST', headers = {}, body = null }: Asking = {}): Request {
  const lines = Object.entries({ Authorization: 'Bearer alice', ...headers })
  const sent = lines.filter((line): line is [string, string] => line[1] !== null)
  const init: RequestInit & { duplex: 'half' } = { method, headers: sent, body, duplex: 'half' }
  return new Request(url, init)
}

/** The same with a body of JSON. */
export function askingFor(text: string, headers: Asking['headers'] = {}): Request {
  return asking({ body: text, headers: { 'Content-Type': 'application/json', ...headers } })
}

/** A body that comes in chunks, and whose length nobody announces. */
export function chunked(...chunks: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const rest = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const chunk = rest.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk)
    },
  })
}

/** The status of the answer to a request. */
export async function statusOf(request: Request, changes: EndpointChanges = {}): Promise<number> {
  return (await setUpEndpoint(changes).endpoint.fetch(request, peer)).status
}
