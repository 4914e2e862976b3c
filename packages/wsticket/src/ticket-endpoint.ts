/**
 * The ticket endpoint: `POST /tickets`, from a web-standard Request to an answer (protocol.md section 3).
 * @module
 */
import { createClientAddressResolver } from './checks/client-address.ts'
import { parseOrigins } from './checks/origin.ts'
import { type Clock, systemClock } from './clock.ts'
import { type CorsCredentials, createCorsHeaders, preflightAnswer } from './cors.ts'
import { type Authenticate, type CredentialRefusal, type Identity, type Subject, subjectOf } from './credential.ts'
import { defaultDeadlineMs, requireDeadline, withinDeadline } from './deadline.ts'
import { ConfigurationError } from './errors.ts'
import { type EventSink, nameFault, noEvents, safeSink } from './events.ts'
import type { Grant, IssuedTicket, Issuer } from './issuer.ts'
import type { Limiter } from './limiter.ts'
import { createGate, type Gate, type IssueLimits, type Limited, readLimit } from './limits.ts'
import type { Lock } from './lock.ts'
import { answerHeaders, type HttpAnswer, issueRefusalAnswer } from './problem.ts'
import { type IssueRefusalCode, issueRefusals } from './refusals.ts'
import { settingTicketCookie } from './ticket-cookie.ts'
import { readRequestedTicket } from './ticket-request.ts'

/** What a client asks for, beside its credential. */
export interface TicketRequest {
  /** The audience that the body names; null where it names none. */
  readonly audience: string | null
  /** What the ticket will be locked with; null for nothing. */
  readonly lock: Lock | null
  /** `cookie` where the answer is to set the ticket as a cookie; null for a ticket in its body. */
  readonly carrier: 'cookie' | null
  readonly clientAddress: string | null
  readonly origin: string | null
  /** The request itself. Its body has been read. */
  readonly http: Request
}

/**
 * Whether tickets come in a cookie.
 * - `off`: in the body of the answer alone. Default.
 * - `on_request`: in a cookie for the page of a listed origin that asks for that, and for nobody else.
 */
export type CookiePolicy = 'off' | 'on_request'

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
  readonly corsCredentials?: CorsCredentials
  /**
   * Whether tickets come in a cookie, for verifiers on the same host whose `carriers` have `cookie`. Pages of another origin need
   * `corsCredentials: 'include'` to be given one. Default `off`.
   */
  readonly cookiePolicy?: CookiePolicy
  /** How many requests there may be. Looked at before the credential is, but for `perSubject`. */
  readonly limits?: IssueLimits
  /** The path that answers. Default `/tickets`. */
  readonly path?: string
  /** Addresses and networks of the reverse proxies in front, whose X-Forwarded-For is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  /** How long a request may take, `authenticate`, `grant` and the store included, in milliseconds; then 503. Default 5,000. */
  readonly deadlineMs?: number
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

/** What the endpoint works with. */
interface Desk extends Pick<TicketEndpointOptions, 'issuer' | 'authenticate'> {
  readonly path: string
  readonly deadlineMs: number
  readonly origins: ReadonlySet<string>
  readonly grant: NonNullable<TicketEndpointOptions['grant']>
  readonly cookiePolicy: CookiePolicy
  readonly passGate: Gate
  readonly takeOfSubject: Limiter
  readonly clock: Clock
}

/**
 * Creates the endpoint around an issuer.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createTicketEndpoint(options: TicketEndpointOptions): TicketEndpoint {
  const { issuer, authenticate, path = '/tickets', clock = systemClock } = options
  requireFunctions(options)
  if (!path.startsWith('/')) throw new ConfigurationError('path', 'must begin with /')
  const grant = options.grant ?? ((_, request) => defaultGrant(issuer.audiences, request))
  const origins = parseOrigins(options.origins)
  const deadlineMs = requireDeadline(options.deadlineMs ?? defaultDeadlineMs)
  const cookiePolicy = requireCookiePolicy(options.cookiePolicy ?? 'off')
  const limits = options.limits ?? {}
  const passGate = createGate(limits)
  const takeOfSubject = readLimit('perSubject', limits.perSubject)
  const hooks = { issuer, authenticate, grant, passGate, takeOfSubject, clock }
  const desk: Desk = { ...hooks, path, origins, deadlineMs, cookiePolicy }
  const corsHeaders = createCorsHeaders(origins, options.corsCredentials ?? 'omit')
  const resolveClientAddress = createClientAddressResolver(options.trustedProxies ?? [])
  const emit = safeSink(options.onEvent ?? noEvents)

  async function answer(request: Request, peer: Peer): Promise<HttpAnswer> {
    const { headers } = request
    const origin = originOf(headers)
    if (isPreflight(request, desk) && origin !== null) return preflightAnswer(corsHeaders(origin))
    const clientAddress = resolveClientAddress(peer?.address ?? null, headers.get('x-forwarded-for'))
    const findings: Findings = { origin, clientAddress, subject: null, fault: null }
    const outcome = await issueOrRefuse(desk, request, findings)
    if (typeof outcome === 'object' && 'ticket' in outcome) return ticketAnswer(outcome, corsHeaders(origin))
    const { code, retryAfterMs }: Refusal = typeof outcome === 'string' ? { code: outcome } : outcome
    emit({ type: 'issue_refused', at: clock(), code, ...findings })
    const problem = issueRefusalAnswer(code, retryAfterMs)
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

/** Why there is no ticket, and how long the client has to wait where a limit says so. */
interface Refusal {
  readonly code: IssueRefusalCode
  readonly retryAfterMs?: number
}

type Outcome = Handout | IssueRefusalCode | Limited<IssueRefusalCode>

/** A ticket, or why there is none: whatever is thrown on the way is a 503. */
async function issueOrRefuse(desk: Desk, request: Request, findings: Findings): Promise<Outcome> {
  try {
    return await withinDeadline(issue(desk, request, findings), desk.deadlineMs)
  } catch (error) {
    findings.fault = nameFault(error)
    return 'issue_unavailable'
  }
}

async function issue(desk: Desk, request: Request, findings: Findings): Promise<Outcome> {
  const { clientAddress, origin } = findings
  if (pathOf(request) !== desk.path) return 'route_unknown'
  if (origin !== null && !desk.origins.has(origin)) return 'origin_forbidden'
  if (request.method !== 'POST') return 'method_not_allowed'
  const limited = await desk.passGate(clientAddress, desk.clock())
  if (limited !== null) return limited
  const identity = await desk.authenticate(request)
  if (typeof identity === 'string') return requireCredentialRefusal(identity)
  findings.subject = subjectOf(identity)
  const retryAfterMs = await desk.takeOfSubject(findings.subject, desk.clock())
  if (retryAfterMs > 0) return { code: 'subject_rate_limited', retryAfterMs }
  const requested = await readRequestedTicket(request)
  if ('refusal' in requested) return requested.refusal
  if (requested.carrier === 'cookie' && desk.cookiePolicy === 'off') return 'request_malformed'
  // A page sends an Origin with every POST: who sends none is no browser, and has no use for a cookie.
  if (requested.carrier === 'cookie' && origin === null) return 'origin_forbidden'
  const grant = await desk.grant(identity, { ...requested, clientAddress, origin, http: request })
  if (grant === null) return 'grant_denied'
  const issued = await desk.issuer.issue(identity, grant, { clientAddress, origin, lock: requested.lock })
  return typeof issued === 'object' && 'ticket' in issued ? { ...issued, carrier: requested.carrier } : issued
}

/** A new ticket, and how it is handed out. */
interface Handout extends IssuedTicket {
  readonly carrier: TicketRequest['carrier']
}

/** The answer to a refusal that there is not could not be written. */
function requireCredentialRefusal(code: CredentialRefusal): CredentialRefusal {
  if (code.startsWith('credential_') && Object.hasOwn(issueRefusals, code)) return code
  throw new ConfigurationError('authenticate', 'must return an identity or a CredentialRefusal')
}

/** What is known of a request so far, for the record and the audit. */
interface Findings {
  readonly origin: string | null
  readonly clientAddress: string | null
  subject: Subject | null
  fault: string | null
}

const anyOrigin = /^[ -~]{0,300}$/

/** The Origin as it was sent, where it is something that a browser could send. Anything else is no origin of anybody. */
function originOf(headers: Headers): string | null {
  const origin = headers.get('origin')
  return origin === null || anyOrigin.test(origin) ? origin : 'illegible'
}

function isPreflight(request: Request, { path, origins }: Desk): boolean {
  return request.method === 'OPTIONS' && origins.has(originOf(request.headers) ?? '') && pathOf(request) === path
}

/** The path of a request; '' where its URL cannot be told (its Host is none). */
function pathOf(request: Request): string {
  try {
    // Absolute and normal as a Request has it: reading it is enough.
    return /^[^:]+:\/\/[^/]*([^?#]*)/.exec(request.url)?.[1] ?? ''
  } catch {
    return ''
  }
}

function requireFunctions({ issuer, authenticate, grant }: TicketEndpointOptions): void {
  if (typeof issuer?.issue !== 'function') throw new ConfigurationError('issuer', 'must be what createIssuer returns')
  if (typeof authenticate !== 'function') throw new ConfigurationError('authenticate', 'must be a function')
  if (grant !== undefined && typeof grant !== 'function') throw new ConfigurationError('grant', 'must be a function')
}

function requireCookiePolicy(policy: CookiePolicy): CookiePolicy {
  if (policy === 'off' || policy === 'on_request') return policy
  throw new ConfigurationError('cookiePolicy', 'must be off or on_request')
}

function defaultGrant(audiences: readonly string[], { audience }: TicketRequest): Grant | null {
  if (audience === null) return { audience: audiences[0] as string }
  return audiences.includes(audience) ? { audience } : null
}

function ticketAnswer(handout: Handout, cors: HttpAnswer['headers']): HttpAnswer {
  const { ticket, id, issuedAt, expiresAt, sessionExpiresAt, carrier } = handout
  const isCookie = carrier === 'cookie'
  const setCookie = isCookie ? { 'Set-Cookie': settingTicketCookie(ticket, expiresAt - issuedAt) } : {}
  return {
    status: 201,
    headers: { 'Content-Type': 'application/json', ...answerHeaders, ...cors, ...setCookie },
    body: JSON.stringify({
      ...(isCookie ? {} : { ticket }),
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
