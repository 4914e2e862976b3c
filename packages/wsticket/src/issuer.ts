/**
 * The issuer: makes a ticket for somebody who has proved who they are, and stores its record.
 * @module
 */
import { type Claims, copyClaims, noClaims } from './claims.ts'
import { type Clock, type EpochMs, systemClock } from './clock.ts'
import { type Identity, subjectOf } from './credential.ts'
import { ConfigurationError } from './errors.ts'
import { type AuditEvent, type EventSink, safeSink } from './events.ts'
import type { Limited } from './limits.ts'
import { type Lock, type LockPolicy, lockPolicies, parseLock } from './lock.ts'
import { requireDuration, requireOneOf } from './option-checks.ts'
import { type RandomSource, systemRandom } from './random.ts'
import type { IssueRefusalCode } from './refusals.ts'
import { generateTicket, idOfTicket, type Ticket, type TicketId, type TicketRecord } from './ticket.ts'
import { giveBack } from './ticket-quota.ts'
import type { TicketStore } from './ticket-store.ts'

/** How tickets are issued. */
export interface IssuerOptions {
  /** The store that the verifiers redeem from. */
  readonly store: TicketStore
  /** The WebSocket services that tickets are issued for. The first is the one meant where a request names none. */
  readonly audiences: readonly string[]
  /** How long a ticket is good, in milliseconds. Default 30,000; never beyond the credential's own end. */
  readonly lifetimeMs?: number
  /** The most that `lifetimeMs` or a grant may ask for, in milliseconds. Default 60,000: more has to be said here. */
  readonly maximumLifetimeMs?: number
  /** How long a session may last, in milliseconds: see `Session.expiresAt`. Default: until the credential ends. */
  readonly sessionLifetimeMs?: number
  /** Whether every ticket has to be locked. Default `optional`: those are whose lock was asked for. */
  readonly lockPolicy?: LockPolicy
  /**
   * The most tickets of one subject that are good and not spent yet: up to 1,000,000. Default 5. Counted by the store, over all processes
   * that share its engine; a store without a `quota` (NATS) counts nothing, which is announced as a `dangerous_setting`.
   */
  readonly ticketsPerSubject?: number | 'unlimited'
  /** Hears of every ticket. Default: nobody. */
  readonly onEvent?: EventSink
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Default: `crypto.getRandomValues`, asked for 8 KiB at once. */
  readonly random?: RandomSource
}

/** What a ticket is to be good for. */
export interface Grant {
  /** One of the issuer's audiences. */
  readonly audience: string
  /** What the application shall know of the subject; at most 4 KiB of JSON. Default none. */
  readonly claims?: object
  /** In milliseconds. Default: the issuer's. */
  readonly lifetimeMs?: number
  /** In milliseconds. Default: the issuer's. */
  readonly sessionLifetimeMs?: number
}

/** Where a ticket was asked for. */
export interface IssueContext {
  readonly clientAddress: string | null
  readonly origin: string | null
  /** What the ticket is to be locked with. Default null: nothing. */
  readonly lock?: Lock | null
}

/** A new ticket, and when it and its session end. */
export interface IssuedTicket {
  readonly ticket: Ticket
  readonly id: TicketId
  readonly issuedAt: EpochMs
  readonly expiresAt: EpochMs
  readonly sessionExpiresAt: EpochMs | null
}

/** Issues tickets. */
export interface Issuer {
  readonly audiences: readonly string[]
  readonly store: TicketStore
  /**
   * Stores a record and returns its ticket; or `lock_missing` where the policy requires a lock and there is none,
   * `credential_expired` where the credential has ended, and how long to wait where the subject has `ticketsPerSubject` outstanding.
   * @throws StoreError where the record could not be stored: there is no ticket then.
   * @throws ConfigurationError for an identity, a grant or a lock that cannot be.
   */
  issue(
    identity: Identity,
    grant: Grant,
    context: IssueContext,
  ): Promise<IssuedTicket | (IssueRefusalCode & ('lock_missing' | 'credential_expired')) | Limited<'too_many_tickets'>>
  /**
   * When a session ends that an identity opens or renews now; null for no limit.
   * @param sessionLifetimeMs default: the issuer's
   * @throws ConfigurationError for an identity, or a lifetime, that cannot be.
   */
  sessionEnd(identity: Identity, sessionLifetimeMs?: number): EpochMs | null
}

const defaultLifetimeMs = 30_000
const longestOrdinaryLifetimeMs = 60_000
const mostTicketsPerSubject = 1_000_000

/**
 * Creates the issuer's side.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createIssuer(options: IssuerOptions): Issuer {
  const { store, audiences, clock = systemClock, random = systemRandom } = options
  if (typeof store?.insert !== 'function') throw new ConfigurationError('store', 'must be a TicketStore')
  const limits = readLimits(options)
  const emit = safeSink(options.onEvent)
  const lockPolicy = requireOneOf('lockPolicy', options.lockPolicy ?? 'optional', lockPolicies)
  const mostTickets = readMostTickets(options.ticketsPerSubject ?? 5)
  requireAudiences(audiences)
  announceDangers(options, clock(), emit)
  return {
    audiences,
    store,
    sessionEnd(identity, sessionLifetimeMs = limits.sessionLifetimeMs) {
      return sessionEndOf(identity, sessionLifetimeMs, clock())
    },
    async issue(identity, grant, { clientAddress, origin, lock = null }) {
      const subject = subjectOf(identity)
      const { audience } = grant
      if (!audiences.includes(audience)) throw new ConfigurationError('grant.audience', 'must be one of audiences')
      if (requireLock(lock) === null && lockPolicy === 'required') return 'lock_missing'
      const claims: Claims = grant.claims === undefined ? noClaims : copyClaims(grant.claims)
      const issuedAt = clock()
      const ends = endsOf(identity, grant, { ...limits, issuedAt })
      if (ends.expiresAt <= issuedAt) return 'credential_expired'
      const ticket = generateTicket(random)
      const id = idOfTicket(ticket)
      const record = { id, subject, audience, claims, clientAddress, origin, lock, issuedAt, ...ends }
      const retryAfterMs = mostTickets === null ? 0 : ((await store.quota?.claim(record, mostTickets, issuedAt)) ?? 0)
      if (retryAfterMs > 0) return { code: 'too_many_tickets', retryAfterMs }
      await store.insert(record).catch((error: unknown) => {
        // Nobody is handed this ticket, stored or not.
        void giveBack(store.quota, record)
        throw error
      })
      emit(issuedEvent(record))
      return { ticket, id, issuedAt, ...ends }
    },
  }
}

/** How long things may last. */
interface Limits {
  readonly lifetimeMs: number
  readonly maximumLifetimeMs: number
  readonly sessionLifetimeMs: number | undefined
}

function readLimits(options: IssuerOptions): Limits {
  const { lifetimeMs = defaultLifetimeMs, maximumLifetimeMs = longestOrdinaryLifetimeMs, sessionLifetimeMs } = options
  requireDuration('maximumLifetimeMs', maximumLifetimeMs)
  requireLifetime('lifetimeMs', lifetimeMs, maximumLifetimeMs)
  if (sessionLifetimeMs !== undefined) requireDuration('sessionLifetimeMs', sessionLifetimeMs)
  return { lifetimeMs, maximumLifetimeMs, sessionLifetimeMs }
}

/** When a ticket and its session end: by the limits, the grant and the credential, whichever comes first. */
function endsOf(identity: Identity, grant: Grant, limits: Limits & { readonly issuedAt: EpochMs }) {
  const { issuedAt, maximumLifetimeMs } = limits
  const wanted = requireLifetime('grant.lifetimeMs', grant.lifetimeMs ?? limits.lifetimeMs, maximumLifetimeMs)
  const sessionExpiresAt = sessionEndOf(identity, grant.sessionLifetimeMs ?? limits.sessionLifetimeMs, issuedAt)
  return {
    expiresAt: Math.min(issuedAt + wanted, sessionExpiresAt ?? Number.POSITIVE_INFINITY) as EpochMs,
    sessionExpiresAt,
  }
}

function sessionEndOf({ expiresAt }: Identity, sessionLifetimeMs: number | undefined, from: EpochMs): EpochMs | null {
  if (sessionLifetimeMs !== undefined) requireDuration('grant.sessionLifetimeMs', sessionLifetimeMs)
  const credentialEnd = requireInstant('identity.expiresAt', expiresAt) ?? Number.POSITIVE_INFINITY
  // A NumericDate may have a fraction (RFC 7519 section 2); a column of milliseconds has none.
  const end = Math.floor(Math.min(from + (sessionLifetimeMs ?? Number.POSITIVE_INFINITY), credentialEnd))
  return end === Number.POSITIVE_INFINITY ? null : (end as EpochMs)
}

function issuedEvent({ id: ticketId, issuedAt: at, ...record }: TicketRecord): AuditEvent {
  const { subject, audience, clientAddress, origin, expiresAt } = record
  return { type: 'ticket_issued', at, ticketId, subject, audience, clientAddress, origin, expiresAt }
}

function requireAudiences(audiences: readonly string[]): void {
  const named = Array.isArray(audiences) && audiences.length > 0
  if (!named || !audiences.every((audience) => typeof audience === 'string' && audience !== '')) {
    throw new ConfigurationError('audiences', 'must name at least one WebSocket service')
  }
}

function readMostTickets(most: number | 'unlimited'): number | null {
  if (most === 'unlimited') return null
  if (Number.isSafeInteger(most) && most >= 1 && most <= mostTicketsPerSubject) return most
  throw new ConfigurationError(
    'ticketsPerSubject',
    `must be a whole number from 1 to ${mostTicketsPerSubject}, or unlimited`,
  )
}

function requireLock(lock: Lock | null): Lock | null {
  if (lock === null || parseLock(lock) !== null) return lock
  throw new ConfigurationError('context.lock', 'must be the SHA-256 of a key in base64url, or null')
}

function requireLifetime(option: string, durationMs: number, most: number): number {
  requireDuration(option, durationMs)
  if (durationMs > most) {
    throw new ConfigurationError(option, `must be at most ${most} milliseconds (maximumLifetimeMs allows more)`)
  }
  return durationMs
}

function requireInstant(option: string, instant: number | null): number | null {
  if (instant !== null && !Number.isFinite(instant)) {
    throw new ConfigurationError(option, 'must be milliseconds since the Unix epoch, or null')
  }
  return instant
}

function announceDangers(
  { store, ticketsPerSubject, maximumLifetimeMs = 0 }: IssuerOptions,
  at: EpochMs,
  emit: EventSink,
): void {
  if (maximumLifetimeMs > longestOrdinaryLifetimeMs) {
    const consequence = 'whoever gets hold of an unused ticket has that long to use it'
    emit({ type: 'dangerous_setting', at, setting: `maximumLifetimeMs: ${maximumLifetimeMs}`, consequence })
  }
  if (ticketsPerSubject !== 'unlimited' && store.quota === undefined) {
    const consequence = `ticketsPerSubject limits nothing: the store ${store.name} counts no tickets`
    emit({ type: 'dangerous_setting', at, setting: `store: ${store.name}`, consequence })
  }
}
