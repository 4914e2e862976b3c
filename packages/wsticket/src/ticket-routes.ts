/**
 * What can be asked of the ticket endpoint, once it is known who asks: a ticket; what became of one; its end; that a session goes on.
 * @module
 */
import { type Identity, type Subject, subjectOf } from './credential.ts'
import type { IssuedTicket } from './issuer.ts'
import type { Limited } from './limits.ts'
import { answerHeaders, type HttpAnswer } from './problem.ts'
import { type IssueRefusalCode, refusals } from './refusals.ts'
import { parseTicketId, type TicketId } from './ticket.ts'
import { settingTicketCookie } from './ticket-cookie.ts'
import type { Desk } from './ticket-endpoint-options.ts'
import { giveBack } from './ticket-quota.ts'
import { readRequestedTicket } from './ticket-request.ts'

/** Somebody whose credential is good, and what he sent. */
export interface Visit {
  readonly identity: Identity
  readonly request: Request
  readonly clientAddress: string | null
  readonly origin: string | null
}

/** An answer that is no refusal, or why there is none. */
export type Outcome = HttpAnswer | IssueRefusalCode | Limited<IssueRefusalCode>

/** One method at one place. */
export type Handler = (desk: Desk, visit: Visit) => Promise<Outcome>

/** What can be done at a place. */
export type Route = ReadonlyMap<string, Handler>

/** What there is at a path; null for nothing. */
export function routeOf(path: string, { path: tickets, sessionsPath, sessions }: Desk): Route | null {
  if (path === tickets) return ticketsRoute
  const id = parseTicketId(path.slice(tickets.length + 1))
  if (id !== null && path.startsWith(`${tickets}/`)) return ticketRoute(id)
  if (sessions === null || !path.startsWith(`${sessionsPath}/`) || !path.endsWith('/renew')) return null
  const sessionId = parseTicketId(path.slice(sessionsPath.length + 1, -'/renew'.length))
  return sessionId === null ? null : new Map([['POST', changing((desk, visit) => renew(desk, visit, sessionId))]])
}

/** What writes to the log, for those who have not written too much. */
function changing(handler: Handler): Handler {
  return async (desk, visit) => {
    const retryAfterMs = await desk.takeOfChanges(subjectOf(visit.identity), desk.clock())
    return retryAfterMs > 0 ? { code: 'subject_rate_limited', retryAfterMs } : handler(desk, visit)
  }
}

const ticketsRoute: Route = new Map([['POST', issue]])

function ticketRoute(id: TicketId): Route {
  return new Map<string, Handler>([
    ['GET', (desk, visit) => tell(desk, visit, id)],
    ['DELETE', changing((desk, visit) => end(desk, visit, id))],
  ])
}

async function issue(desk: Desk, { identity, request, clientAddress, origin }: Visit): Promise<Outcome> {
  if (desk.sessions?.isDraining()) return 'draining'
  const requested = await readRequestedTicket(request)
  if ('refusal' in requested) return requested.refusal
  const { carrier, lock } = requested
  if (carrier === 'cookie' && desk.cookiePolicy === 'off') return 'request_malformed'
  // A page sends an Origin with every POST: who sends none is no browser, and has no use for a cookie.
  if (carrier === 'cookie' && origin === null) return 'origin_forbidden'
  const grant = await desk.grant(identity, { ...requested, clientAddress, origin, http: request })
  if (grant === null) return 'grant_denied'
  const issued = await desk.issuer.issue(identity, grant, { clientAddress, origin, lock })
  return typeof issued === 'object' && 'ticket' in issued ? ticketAnswer(issued, carrier) : issued
}

/** What became of a ticket. Of one that there is not, and of another subject's, the same is said. */
async function tell(desk: Desk, { identity }: Visit, id: TicketId): Promise<Outcome> {
  const known = await desk.issuer.store.read(id, desk.clock())
  if (known.kind === 'unknown' || known.record.subject !== subjectOf(identity)) return 'ticket_not_found'
  const reason = (known.kind === 'redeemed' && (await desk.sessions?.refusalNoted(id))) || null
  // A newer node may have noted a code that this one does not know.
  const row = reason !== null && Object.hasOwn(refusals, reason) ? refusals[reason] : null
  const state = reason === null ? known.kind : 'refused'
  return jsonAnswer(200, { id, state, reason, code: row?.publicCode ?? null, action: row?.action ?? null })
}

/** Ends what is the subject's. Nobody learns whether there was something. */
async function end(desk: Desk, { identity }: Visit, id: TicketId): Promise<Outcome> {
  const subject = subjectOf(identity)
  await voidTicket(desk, id, subject)
  await desk.sessions?.revoke({ kind: 'session', id, subject })
  return { status: 204, headers: { ...answerHeaders }, body: '' }
}

async function voidTicket({ issuer: { store }, clock }: Desk, id: TicketId, subject: Subject): Promise<void> {
  const known = await store.read(id, clock())
  if (known.kind !== 'pending' || known.record.subject !== subject) return
  if (await store.revoke(id, clock())) void giveBack(store.quota, known.record)
}

async function renew(desk: Desk, { identity, request, clientAddress, origin }: Visit, id: TicketId): Promise<Outcome> {
  const grant = await desk.renewal(identity, { id, clientAddress, origin, http: request })
  if (grant === null) return 'renewal_denied'
  const expiresAt = desk.issuer.sessionEnd(identity, grant.sessionLifetimeMs)
  if (expiresAt !== null && expiresAt <= desk.clock()) return 'credential_expired'
  const renewed = await desk.sessions?.renew({ id, subject: subjectOf(identity), expiresAt })
  if (renewed === undefined || renewed === 'unknown') return 'session_not_found'
  return jsonAnswer(200, {
    session_expires_in: renewed.endsAt === null ? null : seconds(renewed.endsAt - desk.clock()),
  })
}

function ticketAnswer(issued: IssuedTicket, carrier: 'cookie' | null): HttpAnswer {
  const { ticket, id, issuedAt, expiresAt, sessionExpiresAt } = issued
  const isCookie = carrier === 'cookie'
  const setCookie = isCookie ? { 'Set-Cookie': settingTicketCookie(ticket, expiresAt - issuedAt) } : {}
  const body = {
    ...(isCookie ? {} : { ticket }),
    id,
    expires_in: seconds(expiresAt - issuedAt),
    session_expires_in: sessionExpiresAt === null ? null : seconds(sessionExpiresAt - issuedAt),
  }
  return jsonAnswer(201, body, setCookie)
}

function jsonAnswer(status: number, body: object, headers: HttpAnswer['headers'] = {}): HttpAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...answerHeaders, ...headers },
    body: JSON.stringify(body),
  }
}

/** Whole seconds, rounded down: never more than there are. */
function seconds(durationMs: number): number {
  return Math.floor(durationMs / 1000)
}
