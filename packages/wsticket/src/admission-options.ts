/**
 * The options of admission, checked once, and the rules that they make.
 * @module
 */
import type { Carrier, CarrierName } from './carrier.ts'
import { cookie } from './carriers/cookie.ts'
import type { AttemptCheck, TicketCheck } from './check.ts'
import { createAudienceCheck } from './checks/audience.ts'
import {
  type AddressPolicy,
  type AddressPrefixes,
  addressesMatch,
  addressPolicies,
  type ClientAddressResolver,
  createClientAddressCheck,
  createClientAddressResolver,
  defaultPrefixes,
  requirePrefixes,
} from './checks/client-address.ts'
import { createLockCheck } from './checks/lock.ts'
import { createOriginCheck, type NonBrowserClients, nonBrowserPolicies, parseOrigins } from './checks/origin.ts'
import { type Clock, type EpochMs, systemClock } from './clock.ts'
import { type CorsHeaders, createCorsHeaders } from './cors.ts'
import { defaultDeadlineMs, requireDeadline } from './deadline.ts'
import { ConfigurationError } from './errors.ts'
import { type EventSink, safeSink } from './events.ts'
import type { Passage } from './handshake.ts'
import { announceUnlimited, createGate, type Gate, type RateLimits } from './limits.ts'
import { type LockPolicy, lockPolicies } from './lock.ts'
import { optionalFunction, requireOneOf } from './option-checks.ts'
import { createPendingHandshakes, type PendingHandshakes, type PendingLimits } from './pending-handshakes.ts'
import { defaultCarriers, parseCarriers } from './presentation.ts'
import type { Session } from './session.ts'
import { createSessions, type Sessions } from './sessions.ts'
import type { TicketStore } from './ticket-store.ts'

/** How WebSockets are admitted. */
export interface AdmissionOptions {
  /** The store that the issuer writes to. */
  readonly store: TicketStore
  /** What this WebSocket service is called: tickets for another audience do not open it. */
  readonly audience: string
  /** Origins of the pages that may connect, exactly as a browser sends them: `https://app.example`. */
  readonly origins: readonly string[]
  /** Who may come without an Origin. Default `authorization_carrier`. */
  readonly nonBrowserClients?: NonBrowserClients
  /**
   * Where tickets are looked for. Default `['subprotocol', 'authorization']`; `cookie` excludes `any_carrier`. With `message` a handshake
   * without a ticket is accepted on the wire, and the first message decides. An event stream has neither of `subprotocol` and `message`: for the
   * `EventSource` of a browser it takes `query`, which stands in the access logs on the way, or `cookie`.
   */
  readonly carriers?: readonly CarrierName[]
  /** Addresses and networks of the reverse proxies in front, whose X-Forwarded-For is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  /** How the client's address is held against the one that asked for the ticket. Default `prefix`. */
  readonly addressPolicy?: AddressPolicy
  /** What the policy `prefix` compares, in bits. Default 24 for IPv4, 56 for IPv6. */
  readonly addressPrefixes?: AddressPrefixes
  /** Whether every ticket has to be locked. Default `optional`: those are whose client asked for it. */
  readonly lockPolicy?: LockPolicy
  /** How many handshakes may wait at once: more are refused at once, with 503 and before anything costs. */
  readonly pending?: PendingLimits
  /** How many handshakes there may be. Looked at before the ticket is. */
  readonly limits?: RateLimits
  /**
   * The sessions that are opened: one registry for all admissions of a process. Default: one of its own, without a log, so that sessions
   * end in time and nobody else can end them.
   */
  readonly sessions?: Sessions
  /**
   * What a spent ticket does that is presented again: the audit hears of it (`report`, the default), or it also ends the session that it
   * opened (`end_session`): then whoever gets hold of a spent ticket can end a session.
   */
  readonly reuse?: 'report' | 'end_session'
  /** The operator's last word. Anything but `true` refuses; so does a throw. Default: everyone with a good ticket. */
  readonly permit?: (session: Session, passage: Passage) => boolean | Promise<boolean>
  /** How long a decision may take, store and `permit` included, in milliseconds; then it is a refusal. Default 5,000. */
  readonly deadlineMs?: number
  /** How long after the 101 the first message may take to arrive, with the carrier `message`, in milliseconds. Default 5,000. */
  readonly messageDeadlineMs?: number
  /** Hears of every decision. Default: nobody. */
  readonly onEvent?: EventSink
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** What a handshake has to pass. */
export interface AdmissionRules {
  readonly store: TicketStore
  readonly carriersOn: readonly Carrier[]
  readonly resolveClientAddress: ClientAddressResolver
  readonly pending: PendingHandshakes
  readonly passGate: Gate
  readonly checkOrigin: AttemptCheck
  /** What lets a page of a listed origin see the answer to its request for an event stream. */
  readonly corsHeaders: CorsHeaders
  /** In order, after the ticket is spent. */
  readonly ticketChecks: readonly TicketCheck[]
  /** Whether the two addresses fit, for the audit; null where nobody shall know. */
  readonly compareAddresses: (issuedTo: string | null, presentedFrom: string | null) => boolean | null
  readonly sessions: Sessions
  readonly reuse: 'report' | 'end_session'
  readonly permit: NonNullable<AdmissionOptions['permit']> | null
  readonly deadlineMs: number
  readonly messageDeadlineMs: number
  readonly emit: EventSink
  readonly clock: Clock
}

/**
 * Checks the options, fills in the defaults, and announces what is dangerous.
 * @throws ConfigurationError for an option that cannot be.
 */
export function readAdmissionOptions(options: AdmissionOptions): AdmissionRules {
  const { store, clock = systemClock } = options
  const policy = requireOneOf('addressPolicy', options.addressPolicy ?? 'prefix', addressPolicies)
  if (typeof store?.redeem !== 'function') throw new ConfigurationError('store', 'must be a TicketStore')
  const prefixes = requirePrefixes(options.addressPrefixes ?? defaultPrefixes)
  const nonBrowserClients = options.nonBrowserClients ?? 'authorization_carrier'
  requireOneOf('nonBrowserClients', nonBrowserClients, nonBrowserPolicies)
  const carriersOn = parseCarriers(options.carriers ?? defaultCarriers)
  requireOriginOfCookies(carriersOn, nonBrowserClients)
  const sessions = options.sessions ?? createSessions({ clock, ...(options.onEvent && { onEvent: options.onEvent }) })
  if (typeof sessions.enter !== 'function')
    throw new ConfigurationError('sessions', 'must be what createSessions returns')
  const origins = parseOrigins(options.origins)
  const rules: AdmissionRules = {
    store,
    carriersOn,
    resolveClientAddress: createClientAddressResolver(options.trustedProxies ?? []),
    pending: createPendingHandshakes(options.pending ?? {}, sessions.expect),
    passGate: createGate(options.limits ?? {}),
    checkOrigin: createOriginCheck(origins, nonBrowserClients),
    corsHeaders: createCorsHeaders(origins, carriersOn.includes(cookie) ? 'include' : 'omit'),
    ticketChecks: [
      createLockCheck(requireOneOf('lockPolicy', options.lockPolicy ?? 'optional', lockPolicies)),
      createAudienceCheck(requireAudience(options.audience)),
      createClientAddressCheck(policy, prefixes),
    ],
    compareAddresses: policy === 'off' ? () => null : (one, other) => addressesMatch(one, other, prefixes),
    sessions,
    reuse: requireOneOf('reuse', options.reuse ?? 'report', ['report', 'end_session']),
    permit: optionalFunction('permit', options.permit),
    deadlineMs: requireDeadline(options.deadlineMs ?? defaultDeadlineMs),
    messageDeadlineMs: requireDeadline(options.messageDeadlineMs ?? defaultDeadlineMs, 'messageDeadlineMs'),
    emit: safeSink(options.onEvent),
    clock,
  }
  announceDangers(options, clock(), rules.emit)
  void announceStore(rules)
  return rules
}

function requireAudience(audience: string): string {
  if (typeof audience !== 'string' || audience === '')
    throw new ConfigurationError('audience', 'must be a non-empty string')
  return audience
}

/** A browser sends a cookie for whichever page asks, so the Origin has to tell which: it cannot be left out of that carrier. */
function requireOriginOfCookies(carriersOn: readonly Carrier[], nonBrowserClients: NonBrowserClients): void {
  if (nonBrowserClients !== 'any_carrier' || !carriersOn.some(({ name }) => name === 'cookie')) return
  throw new ConfigurationError(
    'nonBrowserClients',
    'cannot be any_carrier with the carrier cookie, which needs an Origin',
  )
}

function announceDangers(options: AdmissionOptions, at: EpochMs, emit: EventSink): void {
  const { addressPolicy, nonBrowserClients, limits = {} } = options
  announceUnlimited(limits, at, emit)
  if (addressPolicy === 'off') {
    const consequence = 'a ticket opens a WebSocket from any address, and nobody hears of it'
    emit({ type: 'dangerous_setting', at, setting: 'addressPolicy: off', consequence })
  }
  if (nonBrowserClients === 'any_carrier') {
    const consequence = 'a client that sends no Origin is admitted with a ticket in any carrier'
    emit({ type: 'dangerous_setting', at, setting: 'nonBrowserClients: any_carrier', consequence })
  }
}

/** What weakens the store's promise is told once. An engine that is away now is told of with every refusal. */
async function announceStore({ store, clock, emit }: AdmissionRules): Promise<void> {
  const announce = (consequence: string) =>
    emit({ type: 'dangerous_setting', at: clock(), setting: `store: ${store.name}`, consequence })
  try {
    for (const weakness of (await store.inspect()).weaknesses) announce(weakness)
  } catch (error) {
    if (error instanceof ConfigurationError) announce(`nobody is admitted: ${error.message}`)
  }
}
