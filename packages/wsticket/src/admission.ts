/**
 * Admission: the ordered checks between an opening handshake and an open WebSocket (protocol.md section 4). Whatever cannot be
 * decided is refused.
 * @module
 */
import type { Carrier, CarrierName } from './carrier.ts'
import { authorization } from './carriers/authorization.ts'
import { query } from './carriers/query.ts'
import { subprotocol } from './carriers/subprotocol.ts'
import type { Attempt, TicketCheck } from './check.ts'
import { createAudienceCheck } from './checks/audience.ts'
import {
  type AddressPolicy,
  type AddressPrefixes,
  addressesMatch,
  createClientAddressCheck,
  createClientAddressResolver,
  defaultPrefixes,
  requirePrefixes,
} from './checks/client-address.ts'
import { createOriginCheck, type NonBrowserClients, parseOrigins } from './checks/origin.ts'
import { type Clock, type EpochMs, systemClock } from './clock.ts'
import type { Subject } from './credential.ts'
import { ConfigurationError, StoreError } from './errors.ts'
import { type AuditEvent, type EventSink, nameFault, noEvents, safeSink } from './events.ts'
import { type Handshake, type Opening, type Passage, parseHandshake } from './handshake.ts'
import type { RefusalCode } from './refusals.ts'
import type { Session } from './sessions.ts'
import { idOfTicket, parseTicket, type TicketId, type TicketRecord } from './ticket.ts'
import type { RedeemOutcome, TicketStore } from './ticket-store.ts'
import { ticketPrefix, ticketSubprotocol } from './wire.ts'

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
  /** Where tickets are looked for. Default `['subprotocol', 'authorization']`. */
  readonly carriers?: readonly CarrierName[]
  /** Addresses and networks of the reverse proxies in front, whose X-Forwarded-For is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  /** How the client's address is held against the one that asked for the ticket. Default `prefix`. */
  readonly addressPolicy?: AddressPolicy
  /** What the policy `prefix` compares, in bits. Default 24 for IPv4, 56 for IPv6. */
  readonly addressPrefixes?: AddressPrefixes
  /** The operator's last word. Anything but `true` refuses; so does a throw. Default: everyone with a good ticket. */
  readonly permit?: (session: Session, passage: Passage) => boolean | Promise<boolean>
  /** Hears of every decision. Default: nobody. */
  readonly onEvent?: EventSink
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** The handshake may be answered with 101. */
export interface AdmittedDecision {
  readonly kind: 'admitted'
  readonly session: Session
  /** What the application, or an upstream, gets to see: the handshake without the ticket. */
  readonly passage: Passage
  /** `wsticket.v1` where the client offered it: selected if the application selects no subprotocol of its own. */
  readonly fallbackProtocol: string | null
}

/** The handshake must be answered with `refusalAnswer(code)`. */
export interface RefusedDecision {
  readonly kind: 'refused'
  readonly code: RefusalCode
}

/** What becomes of a handshake. */
export type Decision = AdmittedDecision | RefusedDecision

/** Decides about opening handshakes. */
export interface Admission {
  /** Never throws and never rejects: what goes wrong is a refusal. Spends the ticket that is presented, whatever comes after. */
  admit(opening: Opening): Promise<Decision>
}

const carriersByName: { readonly [name in CarrierName]: Carrier } = { subprotocol, authorization, query }
const everyCarrier: readonly Carrier[] = Object.values(carriersByName)

const refusalOfOutcome = {
  spent: 'ticket_spent',
  expired: 'ticket_expired',
  revoked: 'ticket_revoked',
  unknown: 'ticket_unknown',
} as const satisfies { [kind in Exclude<RedeemOutcome['kind'], 'redeemed'>]: RefusalCode }

/** What is known of an attempt so far, for the audit. */
interface Findings {
  handshake: Handshake | null
  carrier: CarrierName | null
  clientAddress: string | null
  ticketId: TicketId | null
  subject: Subject | null
  fault: string | null
}

/**
 * Creates the verifier's side.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { store, clock = systemClock, permit } = options
  const carriers = parseCarriers(options.carriers ?? ['subprotocol', 'authorization'])
  const resolveClientAddress = createClientAddressResolver(options.trustedProxies ?? [])
  const prefixes = requirePrefixes(options.addressPrefixes ?? defaultPrefixes)
  const policy = options.addressPolicy ?? 'prefix'
  const checkOrigin = createOriginCheck(
    parseOrigins(options.origins),
    options.nonBrowserClients ?? 'authorization_carrier',
  )
  const checkTicket = inOrder([
    createAudienceCheck(requireAudience(options.audience)),
    createClientAddressCheck(policy, prefixes),
  ])
  const emit = safeSink(options.onEvent ?? noEvents)
  announceDangers(options, clock(), emit)

  async function decide(opening: Opening, findings: Findings): Promise<Decision> {
    const handshake = parseHandshake(opening)
    if (handshake === null) return refused('handshake_malformed')
    const presented = present(handshake, carriers)
    const carrier = presented.length === 1 ? (carriers.find((one) => one === presented[0]?.carrier) ?? null) : null
    const clientAddress = resolveClientAddress(handshake.peerAddress, handshake.forwardedFor)
    const attempt: Attempt = { handshake, carrier: carrier?.name ?? null, clientAddress }
    findings.handshake = handshake
    findings.carrier = attempt.carrier
    findings.clientAddress = clientAddress

    const originRefusal = checkOrigin(attempt)
    if (originRefusal !== null) return refused(originRefusal)
    if (!presented.some((one) => carriers.includes(one.carrier))) return refused('ticket_missing')
    if (carrier === null) return refused('handshake_malformed')
    const ticket = parseTicket((presented[0] as Presented).text)
    if (ticket === null) return refused('ticket_malformed')

    const id = idOfTicket(ticket)
    findings.ticketId = id
    const outcome = await store.redeem(id, clock())
    if (outcome.kind !== 'redeemed') return refused(refusalOfOutcome[outcome.kind])
    const record = requireSame(outcome.record, id)
    findings.subject = record.subject

    const now = clock()
    if (now >= record.expiresAt) return refused('ticket_expired')
    const ticketRefusal = checkTicket(record, attempt)
    if (ticketRefusal !== null) return refused(ticketRefusal)
    const session = openSession(record, attempt, now)
    const passage = carrier.strip(handshake)
    if (permit !== undefined && (await permit(session, passage)) !== true) return refused('permission_denied')

    const addressMatches = policy === 'off' ? null : addressesMatch(record.clientAddress, clientAddress, prefixes)
    emit(admittedEvent(session, carrier.name, addressMatches))
    return {
      kind: 'admitted',
      session,
      passage,
      fallbackProtocol: handshake.protocols.includes(ticketSubprotocol) ? ticketSubprotocol : null,
    }
  }

  return {
    async admit(opening) {
      const findings: Findings = {
        handshake: null,
        carrier: null,
        clientAddress: null,
        ticketId: null,
        subject: null,
        fault: null,
      }
      let decision: Decision
      try {
        decision = await decide(opening, findings)
      } catch (error) {
        findings.fault = nameFault(error)
        decision = refused('store_unavailable')
      }
      if (decision.kind === 'refused') {
        const { handshake, ...known } = findings
        emit({ type: 'refused', at: clock(), code: decision.code, origin: handshake?.origin ?? null, ...known })
      }
      return decision
    },
  }
}

/** A text in a carrier. */
interface Presented {
  readonly carrier: Carrier
  readonly text: string
}

/**
 * Every text that the carriers in use present. What is spelled as a ticket in a carrier that is off counts, too: it would
 * reach the application beside the one that is spent, and may even be selected as a subprotocol.
 */
function present(handshake: Handshake, carriers: readonly Carrier[]): readonly Presented[] {
  const presented: Presented[] = []
  for (const carrier of everyCarrier) {
    const isOn = carriers.includes(carrier)
    for (const text of carrier.find(handshake)) {
      if (isOn || text.startsWith(ticketPrefix)) presented.push({ carrier, text })
    }
  }
  return presented
}

function refused(code: RefusalCode): RefusedDecision {
  return { kind: 'refused', code }
}

function inOrder(checks: readonly TicketCheck[]): TicketCheck {
  return (record, attempt) => {
    for (const check of checks) {
      const refusal = check(record, attempt)
      if (refusal !== null) return refusal
    }
    return null
  }
}

/** A store that answers with another ticket's record has mixed up its replies: nobody is admitted on it. */
function requireSame(record: TicketRecord, id: TicketId): TicketRecord {
  if (record.id !== id) throw new StoreError('corrupt', 'the store answered with the record of another ticket')
  return record
}

function openSession(record: TicketRecord, { handshake, clientAddress }: Attempt, admittedAt: EpochMs): Session {
  const { id, subject, audience, claims, sessionExpiresAt } = record
  return {
    id,
    subject,
    audience,
    claims,
    clientAddress,
    origin: handshake.origin,
    admittedAt,
    expiresAt: sessionExpiresAt,
  }
}

function admittedEvent(session: Session, carrier: CarrierName, addressMatches: boolean | null): AuditEvent {
  const { id: ticketId, admittedAt: at, subject, audience, clientAddress, origin } = session
  return { type: 'admitted', at, ticketId, subject, audience, carrier, clientAddress, origin, addressMatches }
}

function parseCarriers(names: readonly CarrierName[]): readonly Carrier[] {
  if (names.length === 0) throw new ConfigurationError('carriers', 'must name at least one carrier')
  return [...new Set(names)].map((name) => {
    const carrier = Object.hasOwn(carriersByName, name) ? carriersByName[name] : undefined
    if (carrier === undefined) {
      throw new ConfigurationError('carriers', `must be among ${Object.keys(carriersByName).join(', ')}`)
    }
    return carrier
  })
}

function requireAudience(audience: string): string {
  if (typeof audience !== 'string' || audience === '')
    throw new ConfigurationError('audience', 'must be a non-empty string')
  return audience
}

function announceDangers({ addressPolicy, nonBrowserClients }: AdmissionOptions, at: EpochMs, emit: EventSink): void {
  if (addressPolicy === 'off') {
    const consequence = 'a ticket opens a WebSocket from any address, and nobody hears of it'
    emit({ type: 'dangerous_setting', at, setting: 'addressPolicy: off', consequence })
  }
  if (nonBrowserClients === 'any_carrier') {
    const consequence = 'a client that sends no Origin is admitted with a ticket in any carrier'
    emit({ type: 'dangerous_setting', at, setting: 'nonBrowserClients: any_carrier', consequence })
  }
}
