/**
 * The one table of everything that wsticket refuses: what the audit says, what the wire says, what a client does next.
 * Refusals are values. The private code (the row's name) goes to the audit only; the public code goes on the wire, and
 * refusals that share a public code cannot be told apart there (protocol.md section 5).
 * @module
 */

/** What a client does after a refusal. `new_ticket` is bounded, `wait` honours Retry-After, `stop` needs a person. */
export type ClientAction = 'new_ticket' | 'wait' | 'stop'

/** One row of the table. */
export interface RefusalRow {
  /** HTTP status before the 101, and of the ticket endpoint. */
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 429 | 503
  /** WebSocket close code after the 101: 4000 + status, except where RFC 6455 has a code of its own. */
  readonly closeCode: number
  /** The code on the wire: in the problem document, and as the close reason. ASCII. */
  readonly publicCode: string
  /** One sentence for the developer who reads the response. Never says which check failed where that would help a thief. */
  readonly detail: string
  readonly action: ClientAction
}

/** Why a session ended before its client, or the application, closed it. */
export type SessionEnding =
  | 'session_expired'
  | 'session_revoked'
  | 'session_idle'
  | 'session_unresponsive'
  | 'too_many_sessions'
  | 'log_lost'
  | 'draining'

/** How a session is closed: what goes over the wire, and what a client does next. */
export type SessionEndingRow = Pick<RefusalRow, 'closeCode' | 'publicCode' | 'action'>

const invalidTicket: RefusalRow = {
  status: 401,
  closeCode: 4401,
  publicCode: 'invalid_ticket',
  detail: 'The ticket does not open this WebSocket. Ask for a new one.',
  action: 'new_ticket',
}

const forbidden: RefusalRow = {
  status: 403,
  closeCode: 4403,
  publicCode: 'forbidden',
  detail: 'This WebSocket is not open to this client.',
  action: 'stop',
}

const badRequest: RefusalRow = {
  status: 400,
  closeCode: 4400,
  publicCode: 'bad_request',
  detail: 'The opening handshake is malformed.',
  action: 'stop',
}

const tryLater: RefusalRow = {
  status: 503,
  closeCode: 1013,
  publicCode: 'try_later',
  detail: 'The request could not be decided, so it was refused. Try again after Retry-After.',
  action: 'wait',
}

const rateLimited: RefusalRow = {
  status: 429,
  closeCode: 4429,
  publicCode: 'rate_limited',
  detail: 'There were too many requests. Try again after Retry-After.',
  action: 'wait',
}

const restarting: RefusalRow = {
  status: 503,
  closeCode: 1012,
  publicCode: 'restarting',
  detail: 'This server is about to stop. Come back after Retry-After.',
  action: 'wait',
}

/** Why an opening handshake is refused: private codes, audit only. */
export type RefusalCode =
  | 'ticket_missing'
  | 'ticket_malformed'
  | 'ticket_unknown'
  | 'ticket_expired'
  | 'ticket_spent'
  | 'ticket_revoked'
  | 'lock_mismatch'
  | 'audience_mismatch'
  | 'address_mismatch'
  | 'origin_forbidden'
  | 'permission_denied'
  | 'handshake_malformed'
  | 'rate_limited'
  | 'address_rate_limited'
  | 'message_malformed'
  | 'message_timeout'
  | 'too_many_sessions'
  | 'draining'
  | 'overloaded'
  | 'store_unavailable'

/** Every refusal by its private code. */
export const refusals: { readonly [code in RefusalCode]: RefusalRow } = {
  ticket_missing: {
    status: 401,
    closeCode: 4401,
    publicCode: 'ticket_required',
    detail: 'The opening handshake carries no ticket. Ask for one with POST /tickets and present it.',
    action: 'new_ticket',
  },
  ticket_malformed: invalidTicket,
  ticket_unknown: invalidTicket,
  ticket_expired: invalidTicket,
  ticket_spent: invalidTicket,
  ticket_revoked: invalidTicket,
  lock_mismatch: invalidTicket,
  audience_mismatch: invalidTicket,
  address_mismatch: invalidTicket,
  origin_forbidden: forbidden,
  permission_denied: forbidden,
  handshake_malformed: badRequest,
  rate_limited: rateLimited,
  address_rate_limited: rateLimited,
  message_malformed: badRequest,
  message_timeout: {
    status: 408,
    closeCode: 4408,
    publicCode: 'timeout',
    detail: 'No ticket came in the first message in time.',
    action: 'new_ticket',
  },
  too_many_sessions: rateLimited,
  draining: restarting,
  overloaded: tryLater,
  store_unavailable: tryLater,
}

/** How a session is closed that ends before its client, or the application, closes it. */
export const sessionEndings: { readonly [ending in SessionEnding]: SessionEndingRow } = {
  session_expired: { closeCode: 4205, publicCode: 'session_expired', action: 'new_ticket' },
  session_revoked: { closeCode: 4401, publicCode: 'session_revoked', action: 'stop' },
  // Nobody is there: coming back at once would make nothing of it.
  session_idle: { closeCode: 4206, publicCode: 'session_idle', action: 'stop' },
  session_unresponsive: { closeCode: 4408, publicCode: 'timeout', action: 'new_ticket' },
  too_many_sessions: rateLimited,
  log_lost: tryLater,
  draining: restarting,
}

const invalidToken: RefusalRow = {
  status: 401,
  closeCode: 4401,
  publicCode: 'invalid_token',
  detail: 'The credential is not valid here.',
  action: 'stop',
}

const notFound: RefusalRow = {
  ...badRequest,
  status: 404,
  closeCode: 4404,
  publicCode: 'not_found',
  detail: 'There is nothing here.',
}

/** Why the ticket endpoint refuses. The close code is the one that the browser client reports, for want of a socket. */
export type IssueRefusalCode =
  | 'credential_missing'
  | 'credential_malformed'
  | 'credential_invalid'
  | 'credential_expired'
  | 'grant_denied'
  | 'lock_missing'
  | 'origin_forbidden'
  | 'request_malformed'
  | 'route_unknown'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'media_type_unsupported'
  | 'rate_limited'
  | 'address_rate_limited'
  | 'subject_rate_limited'
  | 'too_many_tickets'
  | 'ticket_not_found'
  | 'session_not_found'
  | 'renewal_denied'
  | 'draining'
  | 'issue_unavailable'

/** Every refusal by its private code. */
export const issueRefusals: { readonly [code in IssueRefusalCode]: RefusalRow } = {
  credential_missing: {
    status: 401,
    closeCode: 4401,
    publicCode: 'credential_required',
    detail: 'Send the credential as Authorization: Bearer.',
    action: 'stop',
  },
  credential_malformed: invalidToken,
  credential_invalid: invalidToken,
  credential_expired: invalidToken,
  grant_denied: { ...forbidden, detail: 'The subject may not have a ticket for this audience.' },
  lock_missing: {
    ...badRequest,
    publicCode: 'lock_required',
    detail: 'Every ticket here is locked. Send "lock": the SHA-256 of a key, which the opening handshake then shows.',
  },
  origin_forbidden: { ...forbidden, detail: 'Tickets are not issued to this origin.' },
  request_malformed: {
    ...badRequest,
    detail:
      'At most 100 header lines, and a body that is empty or a JSON object with "audience", a string, "lock", a SHA-256 in base64url, and "carrier", "cookie", where that is on.',
  },
  route_unknown: notFound,
  method_not_allowed: {
    ...badRequest,
    status: 405,
    closeCode: 4405,
    publicCode: 'method_not_allowed',
    detail: 'This is not what can be done here: see Allow.',
  },
  body_too_large: {
    ...badRequest,
    status: 413,
    closeCode: 4413,
    publicCode: 'content_too_large',
    detail: 'The body is larger than a ticket request can be.',
  },
  media_type_unsupported: {
    ...badRequest,
    status: 415,
    closeCode: 4415,
    publicCode: 'unsupported_media_type',
    detail: 'A body is sent as application/json.',
  },
  rate_limited: rateLimited,
  address_rate_limited: rateLimited,
  subject_rate_limited: rateLimited,
  too_many_tickets: rateLimited,
  ticket_not_found: notFound,
  session_not_found: notFound,
  renewal_denied: { ...forbidden, detail: 'The subject may not renew this session.' },
  draining: restarting,
  issue_unavailable: tryLater,
}

/** Seconds that a client waits before it asks again, where nothing says how long it takes (RFC 9110 section 10.2.3). */
export const retryAfterSeconds: number = 2
