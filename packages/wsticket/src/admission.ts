/**
 * Admission: the ordered checks between an opening handshake and an open WebSocket (protocol.md section 4). Whatever cannot be
 * decided is refused.
 * @module
 */
import { admittedEvent, type Findings, nothingFound, refusedEvent } from './admission-findings.ts'
import { type AdmissionOptions, type AdmissionRules, readAdmissionOptions } from './admission-options.ts'
import type { Carrier } from './carrier.ts'
import { maxMessageBytes, message as messageCarrier, parseTicketMessage, protocolToSelect } from './carriers/message.ts'
import type { Attempt } from './check.ts'
import type { EpochMs } from './clock.ts'
import { withinDeadline } from './deadline.ts'
import type {
  AdmittedDecision,
  AwaitMessageDecision,
  Decision,
  EventStreamDecision,
  FirstMessage,
  RefusedDecision,
} from './decision.ts'
import { StoreError } from './errors.ts'
import { parseEventStreamRequest } from './event-stream-request.ts'
import { nameFault } from './events.ts'
import { type Handshake, type Opening, parseHandshake } from './handshake.ts'
import { requireIntact } from './intact-record.ts'
import { parseKey } from './lock.ts'
import {
  carriersOfEventStreams,
  clearingCookieOf,
  type Presentation,
  passageOf,
  presentationOf,
} from './presentation.ts'
import type { RefusalCode } from './refusals.ts'
import type { Session } from './session.ts'
import { idOfTicket, parseTicket, type TicketRecord } from './ticket.ts'
import { giveBack } from './ticket-quota.ts'
import type { RedeemOutcome } from './ticket-store.ts'
import { ticketSubprotocol } from './wire.ts'

export type { AdmissionOptions } from './admission-options.ts'
export type {
  AdmittedDecision,
  AwaitMessageDecision,
  Decision,
  EventStreamDecision,
  FirstMessage,
  RefusedDecision,
} from './decision.ts'

/** Decides about opening handshakes. */
export interface Admission {
  /** Never throws and never rejects: what goes wrong is a refusal. Spends the ticket that is presented, whatever comes after. */
  admit(opening: Opening): Promise<Decision>
  /**
   * The same for a request for an event stream, by the same checks and in the same order. Of the carriers that are on, those count that such a
   * request has: `query`, `cookie`, `authorization`.
   */
  admitEventStream(opening: Opening): Promise<EventStreamDecision>
}

const refusalOfOutcome = {
  spent: 'ticket_spent',
  expired: 'ticket_expired',
  revoked: 'ticket_revoked',
  unknown: 'ticket_unknown',
} as const satisfies { [kind in Exclude<RedeemOutcome['kind'], 'redeemed'>]: RefusalCode }

/**
 * Creates the verifier's side.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const rules = readAdmissionOptions(options)
  const webSocket = { parse: parseHandshake, carriersOn: rules.carriersOn }
  const eventStream = { parse: parseEventStreamRequest, carriersOn: carriersOfEventStreams(rules.carriersOn) }
  return {
    admit(opening) {
      const findings = nothingFound(rules.pending.begin())
      return settle(rules, findings, () => decide(rules, { opening, ...webSocket }, findings))
    },
    async admitEventStream(opening) {
      const findings = nothingFound(rules.pending.begin())
      const decision = await settle(rules, findings, () => decide(rules, { opening, ...eventStream }, findings))
      // It awaits no message: that carrier is none of its own.
      const final = decision as Exclude<Decision, AwaitMessageDecision>
      return { decision: final, cors: rules.corsHeaders(findings.attempt?.handshake.origin ?? null) }
    },
  }
}

/** What comes in, and as what. */
interface Arrival {
  readonly opening: Opening
  readonly parse: (opening: Opening) => Handshake | null
  readonly carriersOn: readonly Carrier[]
}

/** Has a decision made in time, whatever is thrown, and tells of it once it is final. */
async function settle<Made extends Decision>(
  rules: AdmissionRules,
  findings: Findings,
  make: () => Promise<Made>,
): Promise<Made | RefusedDecision> {
  try {
    const decision: Decision = await withinDeadline(make(), rules.deadlineMs)
    if (decision.kind === 'refused') tellRefusal(rules, decision.code, findings)
    else if (decision.kind === 'admitted') rules.emit(admittedEvent(decision.session, findings))
    if (decision.kind !== 'await_message') findings.pending?.end()
    return decision as Made
  } catch (error) {
    findings.fault = nameFault(error)
    findings.isOver = true
    findings.pending?.end()
    tellRefusal(rules, 'store_unavailable', findings)
    return refused('store_unavailable')
  }
}

function tellRefusal({ emit, clock, sessions, reuse }: AdmissionRules, code: RefusalCode, findings: Findings): void {
  emit(refusedEvent(code, clock(), findings))
  const { ticketId, subject } = findings
  if (ticketId === null) return
  // With a subject: this handshake has spent the ticket, and nobody else was let in with it.
  if (subject !== null) sessions.noteRefusal(ticketId, code)
  if (code === 'ticket_spent' && reuse === 'end_session')
    // Where the others do not hear of it, there is an event.
    sessions.revoke({ kind: 'session', id: ticketId, subject: null }).catch(() => {})
}

async function decide(rules: AdmissionRules, arrival: Arrival, findings: Findings): Promise<Decision> {
  if (findings.pending === null) return refused('overloaded')
  if (rules.sessions.isDraining()) return refused('draining')
  const { opening, parse, carriersOn } = arrival
  const handshake = parse(opening)
  if (handshake === null) return refused('handshake_malformed')
  const presentation = presentationOf(handshake, carriersOn)
  const attempt = attemptOf(rules, handshake, presentation)
  findings.attempt = attempt

  if (!findings.pending.isFrom(attempt.clientAddress)) return refused('overloaded')
  const passing = rules.passGate(attempt.clientAddress, rules.clock())
  const limited = passing !== null && 'then' in passing ? await passing : passing
  if (limited !== null) return { kind: 'refused', ...limited }
  const originRefusal = rules.checkOrigin(attempt)
  if (originRefusal !== null) return refused(originRefusal)
  if (presentation.kind === 'none') {
    if (!presentation.isBare || !carriersOn.includes(messageCarrier)) return refused('ticket_missing')
    return awaitMessage(rules, { attempt, draining: findings.pending.draining() }, findings)
  }
  if (presentation.kind === 'several' || presentation.key === 'malformed') return refused('handshake_malformed')
  return spend(rules, { text: presentation.text, carrier: presentation.carrier, attempt }, findings)
}

/** The same checks as for a ticket in the handshake, once there is a message. */
function awaitMessage(
  rules: AdmissionRules,
  { attempt, draining }: { readonly attempt: Attempt; readonly draining: Promise<void> },
  findings: Findings,
): AwaitMessageDecision {
  return {
    kind: 'await_message',
    protocol: protocolToSelect(attempt.handshake.protocols),
    limits: { deadlineMs: rules.messageDeadlineMs, maxBytes: maxMessageBytes },
    draining,
    admit: (message) => settle(rules, findings, () => decideOnMessage(rules, { attempt, message }, findings)),
  }
}

async function decideOnMessage(
  rules: AdmissionRules,
  { attempt, message }: { readonly attempt: Attempt; readonly message: FirstMessage },
  findings: Findings,
): Promise<AdmittedDecision | RefusedDecision> {
  if (rules.sessions.isDraining()) return refused('draining')
  if (message.kind === 'absent') return refused('message_timeout')
  const parsed = message.kind === 'text' ? parseTicketMessage(message.text) : null
  if (parsed === null) return refused('message_malformed')
  const key = parsed.key === null ? null : parseKey(parsed.key)
  if (parsed.key !== null && key === null) return refused('message_malformed')
  findings.attempt = { ...attempt, carrier: messageCarrier.name, key }
  return spend(rules, { text: parsed.ticket, carrier: messageCarrier, attempt: findings.attempt }, findings)
}

/** What is presented as a ticket, where, and by whom. */
interface Presented {
  readonly text: string
  readonly carrier: Carrier
  readonly attempt: Attempt
}

async function spend(
  rules: AdmissionRules,
  { text, carrier, attempt }: Presented,
  findings: Findings,
): Promise<AdmittedDecision | RefusedDecision> {
  const ticket = parseTicket(text)
  if (ticket === null) return refused('ticket_malformed')
  const id = idOfTicket(ticket)
  findings.ticketId = id
  // Before the ticket is spent: nobody can be let in where it is not known what is revoked.
  const readying = rules.sessions.ready()
  if (readying !== null) await readying
  const outcome = await rules.store.redeem(id, rules.clock())
  if (outcome.kind !== 'redeemed') return refused(requireKnown(outcome.kind))
  const record = requireIntact(outcome.record, id)
  findings.subject = record.subject
  void giveBack(rules.store.quota, record)

  const now = rules.clock()
  if (now >= record.expiresAt) return refused('ticket_expired')
  for (const check of rules.ticketChecks) {
    const refusal = check(record, attempt)
    if (refusal !== null) return refused(refusal)
  }
  const sessionRefusal = rules.sessions.refusalOf(record)
  if (sessionRefusal !== null) return refused(sessionRefusal)
  findings.addressMatches = rules.compareAddresses(record.clientAddress, attempt.clientAddress)
  const session = openSession(record, attempt, now)
  const isAwaited = () => !findings.isOver
  return conclude(rules, session, { handshake: attempt.handshake, carrier, isAwaited })
}

function attemptOf(rules: AdmissionRules, handshake: Handshake, presentation: Presentation): Attempt {
  const clientAddress = rules.resolveClientAddress(handshake.peerAddress, handshake.forwardedFor)
  if (presentation.kind !== 'one') return { handshake, carrier: null, key: null, clientAddress }
  const { carrier, key } = presentation
  return { handshake, carrier: carrier.name, key: key === 'malformed' ? null : key, clientAddress }
}

/** The operator's last word, which may take its time: the session has to outlast it. */
async function conclude(
  rules: AdmissionRules,
  session: Session,
  { handshake, carrier, isAwaited }: Checked,
): Promise<AdmittedDecision | RefusedDecision> {
  const passage = passageOf(handshake, carrier)
  if (rules.permit !== null) {
    if ((await rules.permit(session, passage)) !== true) return refused('permission_denied')
    if (session.expiresAt !== null && rules.clock() >= session.expiresAt) return refused('ticket_expired')
  }
  const entering = isAwaited() ? rules.sessions.enter(session, isAwaited) : null
  const fullness = entering === null ? null : await entering
  if (fullness !== null) return refused(fullness)
  return {
    kind: 'admitted',
    session,
    passage,
    fallbackProtocol: handshake.protocols.includes(ticketSubprotocol) ? ticketSubprotocol : null,
    clearingCookie: clearingCookieOf(carrier),
    attach: (connection) => rules.sessions.attach(session, connection),
    abandon: entering === null ? null : () => rules.sessions.abandon(session),
  }
}

/** A handshake that has passed every check of ours, where its ticket was, and whether anybody waits for a decision still. */
interface Checked {
  readonly isAwaited: () => boolean
  readonly handshake: Handshake
  readonly carrier: Carrier
}

function refused(code: RefusalCode): RefusedDecision {
  return { kind: 'refused', code }
}

/** A store that answers with something else is at fault: nothing is known of the ticket. */
function requireKnown(kind: keyof typeof refusalOfOutcome): RefusalCode {
  if (Object.hasOwn(refusalOfOutcome, kind)) return refusalOfOutcome[kind]
  throw new StoreError('corrupt', 'the store answered with an outcome that there is not')
}

function openSession(record: TicketRecord, { handshake, clientAddress }: Attempt, admittedAt: EpochMs): Session {
  const { id, subject, audience, claims, issuedAt, sessionExpiresAt } = record
  return {
    id,
    subject,
    audience,
    claims,
    clientAddress,
    origin: handshake.origin,
    issuedAt,
    admittedAt,
    expiresAt: sessionExpiresAt,
  }
}
