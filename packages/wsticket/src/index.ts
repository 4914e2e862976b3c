/**
 * wsticket: single-use tickets that open WebSockets. This entry reaches no `node:` module.
 * @module
 */
export {
  type Admission,
  type AdmissionOptions,
  type AdmittedDecision,
  type AwaitMessageDecision,
  createAdmission,
  type Decision,
  type EventStreamDecision,
  type FirstMessage,
  type RefusedDecision,
} from './admission.ts'
export type { CarrierName, MessageLimits } from './carrier.ts'
export {
  type AddressPolicy,
  type AddressPrefixes,
  type ClientAddressResolver,
  createClientAddressResolver,
} from './checks/client-address.ts'
export type { NonBrowserClients } from './checks/origin.ts'
export type { Claims, Json } from './claims.ts'
export { type Clock, type EpochMs, systemClock } from './clock.ts'
export {
  type Authenticate,
  type CredentialRefusal,
  type Identity,
  parseSubject,
  type Subject,
  subjectOf,
} from './credential.ts'
export { ConfigurationError, DeadlineError, StoreError, type StoreErrorCode } from './errors.ts'
export type {
  Admitted,
  AuditEvent,
  DangerousSetting,
  EventSink,
  HookFailed,
  IssueRefused,
  Refused,
  Revoked,
  SessionDirectoryFailed,
  SessionEnded,
  SessionLogLost,
  SessionRenewed,
  TicketIssued,
} from './events.ts'
export { type Handshake, isOriginForm, type Opening, type Passage } from './handshake.ts'
export {
  createIssuer,
  type Grant,
  type IssueContext,
  type IssuedTicket,
  type Issuer,
  type IssuerOptions,
} from './issuer.ts'
export type { Limiter } from './limiter.ts'
export { createMemoryLimiter, type MemoryLimiterOptions, type Rate } from './limiters/memory.ts'
export type { IssueLimits, Limited, RateLimits } from './limits.ts'
export { generateKey, type Key, type Lock, type LockPolicy, lockOfKey, parseKey, parseLock } from './lock.ts'
export type { PendingLimits } from './pending-handshakes.ts'
export { type HttpAnswer, refusalAnswer } from './problem.ts'
export type { RandomSource } from './random.ts'
export {
  type ClientAction,
  type IssueRefusalCode,
  issueRefusals,
  type RefusalCode,
  type RefusalRow,
  refusals,
  type SessionEnding,
  type SessionEndingRow,
  sessionEndings,
} from './refusals.ts'
export type { Closing, Detach, Session, SessionConnection } from './session.ts'
export type { DirectoryEntry, DirectoryQuery, NodeNews, SessionDirectory } from './session-directory.ts'
export {
  type Displacement,
  entryAgeMs,
  type LoggedEntry,
  type LogPosition,
  type Renewal,
  type Renewed,
  type Revocation,
  type SessionEntry,
  type SessionLog,
  type SessionSelector,
} from './session-log.ts'
export {
  createSessions,
  type DrainOptions,
  type ExpectedSession,
  type LiveSession,
  type SessionRefusal,
  type Sessions,
  type SessionsOptions,
} from './sessions.ts'
export {
  generateTicket,
  idOfTicket,
  parseTicket,
  parseTicketId,
  type Ticket,
  type TicketId,
  type TicketRecord,
} from './ticket.ts'
export {
  type CookiePolicy,
  createTicketEndpoint,
  type Peer,
  type RenewalGrant,
  type RenewalRequest,
  type TicketEndpoint,
  type TicketEndpointOptions,
  type TicketRequest,
} from './ticket-endpoint.ts'
export type { CountedTicket, TicketQuota } from './ticket-quota.ts'
export type { RedeemOutcome, StoreInspection, TicketState, TicketStore } from './ticket-store.ts'
