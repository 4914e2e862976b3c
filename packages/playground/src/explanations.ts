/**
 * The codes of the audit in plain words. The wire says none of this.
 * @module
 */
import type { IssueRefusalCode, RefusalCode, SessionEnding } from 'wsticket'

/** A private code: of a handshake or of a ticket request that was refused. */
export type PrivateCode = RefusalCode | IssueRefusalCode

/** What each private code means. */
export const explanations: { readonly [code in PrivateCode]: string } = {
  ticket_missing: 'The handshake carried no ticket.',
  ticket_malformed: 'What was presented does not have the form of a ticket.',
  ticket_unknown: 'No ticket of this id is on record: it was never issued, or it is long gone.',
  ticket_expired: 'The ticket had outlived its time before it was presented.',
  ticket_spent: 'The ticket had been presented before. Redeeming is one atomic step, and there is no second one.',
  ticket_revoked: 'The ticket had been called back.',
  lock_mismatch: 'The ticket is locked, and its key was not shown. Only the client that asked for it has the key.',
  audience_mismatch: 'The ticket is good for another service.',
  address_mismatch: 'The ticket was issued to another network address.',
  origin_forbidden: 'The request came from a page that is not on the list of origins.',
  permission_denied: 'The ticket is good, but its subject may not enter here.',
  rate_limited: 'There are too many requests, from everybody together.',
  address_rate_limited: 'There are too many requests from this network address.',
  subject_rate_limited: 'The subject asks for tickets too often.',
  too_many_tickets: 'The subject has as many tickets as it may that are not spent yet.',
  handshake_malformed: 'The handshake breaks the rules of RFC 6455.',
  message_malformed: 'The first message was not the one that carries a ticket.',
  message_timeout: 'No ticket came in the first message in time.',
  too_many_sessions: 'The subject has as many WebSockets open as it may.',
  overloaded: 'Too many handshakes wait to be decided.',
  draining: 'The server is about to stop, and lets nobody in.',
  store_unavailable: 'The ticket store gave no certain answer, and what is not certain is refused.',
  credential_missing: 'The request for a ticket carried no token.',
  credential_malformed: 'What was sent does not have the form of a token.',
  credential_invalid: 'The token was not signed by the identity provider, or not for this service.',
  credential_expired: 'The token had expired.',
  grant_denied: 'The subject gets no ticket for this service.',
  lock_missing: 'Every ticket here has to be locked, and the request named no lock.',
  request_malformed: 'The body is not that of a ticket request.',
  ticket_not_found: 'The subject has no ticket of this id.',
  session_not_found: 'No node has a session of this id that is the subject’s.',
  renewal_denied: 'The subject may not renew this session.',
  route_unknown: 'There is nothing at this address.',
  method_not_allowed: 'This is not what can be done at this address.',
  body_too_large: 'The body is larger than a ticket request can be.',
  media_type_unsupported: 'The body is not JSON.',
  issue_unavailable: 'Something behind the ticket endpoint failed, and what is not certain is refused.',
}

/** Why a session ended. */
export const endings: { readonly [ending in SessionEnding]: string } = {
  session_expired: 'Its time was up.',
  session_revoked: 'It was revoked.',
  session_idle: 'Its client had sent no message for as long as is allowed.',
  session_unresponsive: 'Its client was gone: it did not answer a ping.',
  too_many_sessions: 'It made room for another of the same subject.',
  log_lost: 'It was not known any more whether it was revoked.',
  draining: 'The server is about to stop.',
}

const wireNotes: { readonly [publicCode: string]: string } = {
  invalid_ticket: 'Every bad ticket gets this same answer, byte for byte, so it teaches a thief nothing.',
  invalid_token: 'Every bad token gets this same answer, so it teaches a forger nothing.',
  forbidden: 'The client learns that it may not enter, and nothing of the list.',
}

/** What the public code keeps to itself. Empty for one that has no more to it. */
export function wireNote(publicCode: string): string {
  return wireNotes[publicCode] ?? ''
}
