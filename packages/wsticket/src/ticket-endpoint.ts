/**
 * The ticket endpoint, from a web-standard Request to an answer (protocol.md section 3): who asks, and whether he may.
 * @module
 */
import { createClientAddressResolver } from './checks/client-address.ts'
import { createCorsHeaders, preflightAnswer } from './cors.ts'
import { type CredentialRefusal, type Subject, subjectOf } from './credential.ts'
import { withinDeadline } from './deadline.ts'
import { ConfigurationError } from './errors.ts'
import { nameFault, safeSink } from './events.ts'
import { announceUnlimited } from './limits.ts'
import { type HttpAnswer, issueRefusalAnswer } from './problem.ts'
import { type IssueRefusalCode, issueRefusals } from './refusals.ts'
import { type Desk, readTicketEndpointOptions, type TicketEndpointOptions } from './ticket-endpoint-options.ts'
import { type Outcome, type Route, routeOf } from './ticket-routes.ts'

export type {
  CookiePolicy,
  RenewalGrant,
  RenewalRequest,
  TicketEndpointOptions,
  TicketRequest,
} from './ticket-endpoint-options.ts'

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

/**
 * Creates the endpoint around an issuer.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createTicketEndpoint(options: TicketEndpointOptions): TicketEndpoint {
  const desk = readTicketEndpointOptions(options)
  const corsHeaders = createCorsHeaders(desk.origins, options.corsCredentials ?? 'omit')
  const resolveClientAddress = createClientAddressResolver(options.trustedProxies ?? [])
  const emit = safeSink(options.onEvent)
  announceUnlimited(options.limits ?? {}, desk.clock(), emit)

  async function answer(request: Request, peer: Peer): Promise<HttpAnswer> {
    const { headers, method } = request
    const origin = originOf(headers)
    const cors = corsHeaders(origin)
    const route = routeOf(pathOf(request), desk)
    if (method === 'OPTIONS' && route !== null && desk.origins.has(origin ?? ''))
      return preflightAnswer(cors, route.keys())
    const clientAddress = resolveClientAddress(peer?.address ?? null, headers.get('x-forwarded-for'))
    const findings: Findings = { origin, clientAddress, subject: null, fault: null }
    const outcome = await answerOrRefuse(desk, { request, route }, findings)
    if (typeof outcome === 'object' && 'status' in outcome)
      return { ...outcome, headers: { ...outcome.headers, ...cors } }
    const { code, retryAfterMs }: Refusal = typeof outcome === 'string' ? { code: outcome } : outcome
    emit({ type: 'issue_refused', at: desk.clock(), code, ...findings })
    const problem = issueRefusalAnswer(code, retryAfterMs)
    const allow = code === 'method_not_allowed' ? { Allow: [...(route?.keys() ?? []), 'OPTIONS'].join(', ') } : {}
    return { ...problem, headers: { ...problem.headers, ...allow, ...cors } }
  }

  return {
    answer,
    async fetch(request, peer) {
      const { status, headers, body } = await answer(request, peer)
      return new Response(body === '' ? null : body, { status, headers })
    },
  }
}

/** Why something is refused, and how long the client has to wait where a limit says so. */
interface Refusal {
  readonly code: IssueRefusalCode
  readonly retryAfterMs?: number
}

/** A request, and what there is at its path. */
interface Asked {
  readonly request: Request
  readonly route: Route | null
}

/** An answer, or why there is none: whatever is thrown on the way is a 503. */
async function answerOrRefuse(desk: Desk, asked: Asked, findings: Findings): Promise<Outcome> {
  try {
    return await withinDeadline(handle(desk, asked, findings), desk.deadlineMs)
  } catch (error) {
    findings.fault = nameFault(error)
    return 'issue_unavailable'
  }
}

async function handle(desk: Desk, { request, route }: Asked, findings: Findings): Promise<Outcome> {
  const { clientAddress, origin } = findings
  if (route === null) return 'route_unknown'
  if (origin !== null && !desk.origins.has(origin)) return 'origin_forbidden'
  const handler = route.get(request.method)
  if (handler === undefined) return 'method_not_allowed'
  const limited = await desk.passGate(clientAddress, desk.clock())
  if (limited !== null) return limited
  const identity = await desk.authenticate(request)
  if (typeof identity === 'string') return requireCredentialRefusal(identity)
  findings.subject = subjectOf(identity)
  const retryAfterMs = await desk.takeOfSubject(findings.subject, desk.clock())
  if (retryAfterMs > 0) return { code: 'subject_rate_limited', retryAfterMs }
  return handler(desk, { identity, request, clientAddress, origin })
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

/** The path of a request; '' where its URL cannot be told (its Host is none). */
function pathOf(request: Request): string {
  try {
    // Absolute and normal as a Request has it: reading it is enough.
    return /^[^:]+:\/\/[^/]*([^?#]*)/.exec(request.url)?.[1] ?? ''
  } catch {
    return ''
  }
}
