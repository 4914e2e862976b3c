/**
 * The ticket endpoint: `POST /tickets`, from a web-standard Request to an answer (protocol.md section 3).
 * @module
 */
import { createClientAddressResolver } from './checks/client-address.ts'
import { parseOrigins } from './checks/origin.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Authenticate, type Identity, subjectOf } from './credential.ts'
import { type EventSink, nameFault, noEvents, safeSink } from './events.ts'
import type { Grant, IssuedTicket, Issuer } from './issuer.ts'
import { answerHeaders, type HttpAnswer, issueRefusalAnswer } from './problem.ts'
import type { IssueRefusalCode } from './refusals.ts'

/** What a client asks for, beside its credential. */
export interface TicketRequest {
  /** The audience that the body names; null where it names none. */
  readonly audience: string | null
  readonly clientAddress: string | null
  readonly origin: string | null
  /** The request itself. Its body has been read. */
  readonly http: Request
}

/** How the ticket endpoint works. */
export interface TicketEndpointOptions {
  readonly issuer: Issuer
  /** Verifies the credential of a request: `createJwtAuthenticator` or a function of your own. */
  readonly authenticate: Authenticate
  /**
   * Decides what an identity gets a ticket for; null refuses. Default: the audience that was asked for if it is one of the
   * issuer's, or the issuer's first where none was; no claims.
   */
  readonly grant?: (identity: Identity, request: TicketRequest) => Grant | null | Promise<Grant | null>
  /** Origins of the pages that may ask, exactly as a browser sends them. Requests without Origin are not a page's. */
  readonly origins: readonly string[]
  /**
   * `include` where `authenticate` goes by a cookie and pages of another origin ask: they may then send it. Default `omit`.
   */
  readonly corsCredentials?: 'omit' | 'include'
  /** The path that answers. Default `/tickets`. */
  readonly path?: string
  /** Addresses and networks of the reverse proxies in front, whose X-Forwarded-For is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  /** Hears of every refusal. Default: nobody. */
  readonly onEvent?: EventSink
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** What the server knows of a connection and a Request does not say. */
export interface Peer {
  /** Address of the peer of the TCP connection; null where the server does not tell. */
  readonly address: string | null
}

/** Answers requests for tickets. Neither function ever throws or rejects. */
export interface TicketEndpoint {
  /** For servers that speak web-standard Request and Response. */
  fetch(request: Request, peer: Peer): Promise<Response>
  /** The same, for adapters that write the answer themselves. */
  answer(request: Request, peer: Peer): Promise<HttpAnswer>
}

const maxBodyBytes = 4096

/** A refusal on its way out of nested steps; never leaves this module. */
interface Refusal {
  readonly refusal: IssueRefusalCode
}

/**
 * Creates the endpoint around an issuer.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createTicketEndpoint(options: TicketEndpointOptions): TicketEndpoint {
  const { issuer, authenticate, clock = systemClock, path = '/tickets' } = options
  const grantTo = options.grant ?? ((_, request) => defaultGrant(issuer.audiences, request))
  const origins = parseOrigins(options.origins)
  const corsHeaders = createCorsHeaders(origins, options.corsCredentials ?? 'omit')
  const resolveClientAddress = createClientAddressResolver(options.trustedProxies ?? [])
  const emit = safeSink(options.onEvent ?? noEvents)

  async function issue(request: Request, findings: Findings): Promise<IssuedTicket | Refusal> {
    if (pathOf(request.url) !== path) return refuse('route_unknown')
    if (findings.origin !== null && !origins.has(findings.origin)) return refuse('origin_forbidden')
    if (request.method !== 'POST') return refuse('method_not_allowed')
    const identity = await authenticate(request)
    if (typeof identity === 'string') return refuse(identity)
    findings.subject = subjectOf(identity)
    const body = await readBody(request)
    if ('refusal' in body) return body
    const { clientAddress, origin } = findings
    const grant = await grantTo(identity, { audience: body.audience, clientAddress, origin, http: request })
    if (grant === null) return refuse('grant_denied')
    const issued = await issuer.issue(identity, grant, findings)
    return issued === 'credential_expired' ? refuse(issued) : issued
  }

  async function answer(request: Request, peer: Peer): Promise<HttpAnswer> {
    const { headers, method } = request
    const origin = headers.get('origin')
    const clientAddress = resolveClientAddress(peer.address, headers.get('x-forwarded-for'))
    const findings: Findings = { origin, clientAddress, subject: null, fault: null }
    if (method === 'OPTIONS' && origin !== null && origins.has(origin)) return preflightAnswer(corsHeaders(origin))
    const issued = await issue(request, findings).catch((error: unknown) => {
      findings.fault = nameFault(error)
      return refuse('issue_unavailable')
    })
    if ('ticket' in issued) return ticketAnswer(issued, corsHeaders(origin))
    emit({ type: 'issue_refused', at: clock(), code: issued.refusal, ...findings })
    const problem = issueRefusalAnswer(issued.refusal)
    return { ...problem, headers: { ...problem.headers, ...corsHeaders(origin) } }
  }

  return {
    answer,
    async fetch(request, peer) {
      const { status, headers, body } = await answer(request, peer)
      return new Response(body === '' ? null : body, { status, headers })
    },
  }
}

/** What is known of a request so far, for the record and the audit. */
interface Findings {
  readonly origin: string | null
  readonly clientAddress: string | null
  subject: ReturnType<typeof subjectOf> | null
  fault: string | null
}

function refuse(refusal: IssueRefusalCode): Refusal {
  return { refusal }
}

/** The path of an absolute URL as a Request has it: already normal, so that reading it is enough. */
function pathOf(url: string): string {
  return /^[^:]+:\/\/[^/]*([^?#]*)/.exec(url)?.[1] ?? ''
}

function defaultGrant(audiences: readonly string[], { audience }: TicketRequest): Grant | null {
  if (audience === null) return { audience: audiences[0] as string }
  return audiences.includes(audience) ? { audience } : null
}

/** Reads the optional body: nothing, or a JSON object with at most the member `audience`. */
async function readBody(request: Request): Promise<{ readonly audience: string | null } | Refusal> {
  const { headers } = request
  const length = headers.get('content-length')
  if (length === '0' || (length === null && request.body === null)) return { audience: null }
  if (length !== null && Number(length) > maxBodyBytes) return refuse('body_too_large')
  const text = await readText(request)
  if (text === null) return refuse('body_too_large')
  if (text === '') return { audience: null }
  if (!/^application\/json(?:$|[ ;])/i.test(headers.get('content-type') ?? '')) return refuse('media_type_unsupported')
  const audience = parseAudience(text)
  return audience === undefined ? refuse('request_malformed') : { audience }
}

/** The body as text; null where it is longer than a ticket request can be. */
async function readText(request: Request): Promise<string | null> {
  if (request.body === null) return ''
  const reader = request.body.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    bytes += chunk.value.length
    if (bytes > maxBodyBytes) {
      await reader.cancel()
      return null
    }
    text += decoder.decode(chunk.value, { stream: true })
  }
  return text + decoder.decode()
}

/** The audience that a body names, null where it names none, undefined where it is no ticket request. */
function parseAudience(text: string): string | null | undefined {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const { audience, ...others } = body as { audience?: unknown }
  if (Object.keys(others).length > 0) return undefined
  if (audience === undefined || audience === null) return null
  return typeof audience === 'string' && audience !== '' ? audience : undefined
}

function ticketAnswer(issued: IssuedTicket, cors: HttpAnswer['headers']): HttpAnswer {
  const { ticket, id, issuedAt, expiresAt, sessionExpiresAt } = issued
  return {
    status: 201,
    headers: { 'Content-Type': 'application/json', ...answerHeaders, ...cors },
    body: JSON.stringify({
      ticket,
      id,
      expires_in: seconds(expiresAt - issuedAt),
      session_expires_in: sessionExpiresAt === null ? null : seconds(sessionExpiresAt - issuedAt),
    }),
  }
}

/** Whole seconds, rounded down: never more than there are. */
function seconds(durationMs: number): number {
  return Math.floor(durationMs / 1000)
}

/** CORS (WHATWG Fetch section 3.2.3): the listed origin itself, never `*`; for any other, nothing. */
function createCorsHeaders(origins: ReadonlySet<string>, credentials: 'omit' | 'include') {
  const vary = { Vary: 'Origin' }
  const allowCredentials = credentials === 'include' ? { 'Access-Control-Allow-Credentials': 'true' } : {}
  return (origin: string | null): HttpAnswer['headers'] =>
    origin === null || !origins.has(origin)
      ? vary
      : {
          ...vary,
          'Access-Control-Allow-Origin': origin,
          'Access-Control-Expose-Headers': 'Retry-After, WWW-Authenticate',
          ...allowCredentials,
        }
}

function preflightAnswer(cors: HttpAnswer['headers']): HttpAnswer {
  return {
    status: 204,
    headers: {
      ...answerHeaders,
      ...cors,
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': 'Authorization, Content-Type',
      'Access-Control-Max-Age': '600',
    },
    body: '',
  }
}
