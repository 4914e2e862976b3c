/**
 * The options of the ticket endpoint, checked once, and what they make.
 * @module
 */
import { parseOrigins } from './checks/origin.ts'
import { type Clock, type EpochMs, systemClock } from './clock.ts'
import type { CorsCredentials } from './cors.ts'
import type { Authenticate, Identity } from './credential.ts'
import { defaultDeadlineMs, requireDeadline } from './deadline.ts'
import { ConfigurationError } from './errors.ts'
import type { EventSink } from './events.ts'
import type { Grant, Issuer } from './issuer.ts'
import type { Limiter } from './limiter.ts'
import { createGate, type Gate, type IssueLimits, readLimit } from './limits.ts'
import type { Lock } from './lock.ts'
import { optionalFunction, requireFunction, requireOneOf } from './option-checks.ts'
import type { Sessions } from './sessions.ts'
import type { TicketId } from './ticket.ts'

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

/** Which session is to go on, and who asks. */
export interface RenewalRequest {
  /** Of the session, or of what may be none: nobody has looked yet. */
  readonly id: TicketId
  readonly clientAddress: string | null
  readonly origin: string | null
  /** The request itself. Its body has not been read. */
  readonly http: Request
}

/** For how long a session may go on. */
export interface RenewalGrant {
  /** In milliseconds, from now. Default: the issuer's. */
  readonly sessionLifetimeMs?: number
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
  /**
   * The sessions of this process, which follow the log that the verifiers follow: a subject can then renew its sessions, and end them.
   * Default: none, and nobody can.
   */
  readonly sessions?: Sessions
  /**
   * Decides whether an identity may renew a session of its subject, and for how long; null refuses. Default: for as long as the
   * issuer's `sessionLifetimeMs`, and the credential, allow; with a `grant` of your own, which may have allowed less, nobody.
   */
  readonly renewal?: (identity: Identity, request: RenewalRequest) => RenewalGrant | null | Promise<RenewalGrant | null>
  /** How many requests there may be. Looked at before the credential is, but for those of a subject. */
  readonly limits?: IssueLimits
  /** Where tickets are asked for, and, with an id behind it, asked about and voided. Default `/tickets`. */
  readonly path?: string
  /** Where sessions are renewed: `/sessions/{id}/renew`. Default `/sessions`. */
  readonly sessionsPath?: string
  /** Addresses and networks of the reverse proxies in front, whose X-Forwarded-For is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  /** How long a request may take, `authenticate`, `grant` and the store included, in milliseconds; then 503. Default 5,000. */
  readonly deadlineMs?: number
  /** Hears of every refusal. Default: nobody. */
  readonly onEvent?: EventSink
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** What the endpoint works with. */
export interface Desk {
  readonly issuer: Issuer
  readonly authenticate: Authenticate
  readonly sessions: Sessions | null
  readonly path: string
  readonly sessionsPath: string
  readonly deadlineMs: number
  readonly origins: ReadonlySet<string>
  readonly grant: NonNullable<TicketEndpointOptions['grant']>
  readonly renewal: NonNullable<TicketEndpointOptions['renewal']>
  readonly cookiePolicy: CookiePolicy
  readonly passGate: Gate
  readonly takeOfSubject: Limiter
  readonly takeOfChanges: Limiter
  readonly clock: () => EpochMs
}

/**
 * Checks the options, and fills in the defaults.
 * @throws ConfigurationError for an option that cannot be.
 */
export function readTicketEndpointOptions(options: TicketEndpointOptions): Desk {
  const { issuer, authenticate, limits = {}, clock = systemClock } = options
  requireOurs(options)
  return {
    issuer,
    authenticate: requireFunction('authenticate', authenticate),
    sessions: options.sessions ?? null,
    path: requirePath('path', options.path ?? '/tickets'),
    sessionsPath: requirePath('sessionsPath', options.sessionsPath ?? '/sessions'),
    deadlineMs: requireDeadline(options.deadlineMs ?? defaultDeadlineMs),
    origins: parseOrigins(options.origins),
    grant: optionalFunction('grant', options.grant) ?? ((_, request) => defaultGrant(issuer.audiences, request)),
    renewal: optionalFunction('renewal', options.renewal) ?? (() => (options.grant === undefined ? {} : null)),
    cookiePolicy: requireOneOf('cookiePolicy', options.cookiePolicy ?? 'off', ['off', 'on_request']),
    passGate: createGate(limits),
    takeOfSubject: readLimit('perSubject', limits.perSubject),
    takeOfChanges: readLimit('changesPerSubject', limits.changesPerSubject),
    clock,
  }
}

function requirePath(option: string, path: string): string {
  if (typeof path === 'string' && path.startsWith('/') && !path.endsWith('/')) return path
  throw new ConfigurationError(option, 'must be a path that begins with / and does not end with one')
}

function requireOurs({ issuer, sessions }: TicketEndpointOptions): void {
  if (typeof issuer?.issue !== 'function') throw new ConfigurationError('issuer', 'must be what createIssuer returns')
  if ((sessions ?? null) !== null && typeof sessions?.renew !== 'function')
    throw new ConfigurationError('sessions', 'must be what createSessions returns')
}

function defaultGrant(audiences: readonly string[], { audience }: TicketRequest): Grant | null {
  if (audience === null) return { audience: audiences[0] as string }
  return audiences.includes(audience) ? { audience } : null
}
