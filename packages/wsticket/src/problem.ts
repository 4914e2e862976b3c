/**
 * What goes over HTTP: an answer that every adapter can send as it is, and problem documents (RFC 9457).
 * @module
 */
import {
  type IssueRefusalCode,
  issueRefusals,
  type RefusalCode,
  type RefusalRow,
  refusals,
  retryAfterSeconds,
} from './refusals.ts'

/** A complete HTTP answer. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

/** Headers of every answer: nothing of ours is ever cached, or taken for something else. */
export const answerHeaders: { readonly [name: string]: string } = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
}

const statusTitles: { readonly [status: number]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/**
 * The answer to a refused handshake: the same bytes for every code that shares a public code, but for the time to wait.
 * @param retryAfterMs how long the client has to wait, where the decision says so
 */
export function refusalAnswer(code: RefusalCode, retryAfterMs?: number): HttpAnswer {
  const row: RefusalRow = refusals[code]
  if (mayWait(row)) return problemAnswer(row, waiting(retryAfterMs))
  // RFC 9110 section 11.6.1: a 401 names the scheme that would help.
  return problemAnswer(row, row.status === 401 ? { 'WWW-Authenticate': 'Ticket realm="websocket"' } : {})
}

/** The answer of the ticket endpoint to a request that it refuses (RFC 6750 section 3 for bad credentials). */
export function issueRefusalAnswer(code: IssueRefusalCode, retryAfterMs?: number): HttpAnswer {
  const row: RefusalRow = issueRefusals[code]
  if (mayWait(row)) return problemAnswer(row, waiting(retryAfterMs))
  if (row.status !== 401) return problemAnswer(row, {})
  const error = code === 'credential_missing' ? '' : ', error="invalid_token"'
  return problemAnswer(row, { 'WWW-Authenticate': `Bearer realm="tickets"${error}` })
}

function mayWait({ status }: RefusalRow): boolean {
  return status === 503 || status === 429
}

/** Whole seconds, rounded up: never sooner than it is of use (RFC 9110 section 10.2.3). */
function waiting(retryAfterMs = retryAfterSeconds * 1000): HttpAnswer['headers'] {
  return { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }
}

function problemAnswer(row: RefusalRow, headers: { readonly [name: string]: string }): HttpAnswer {
  const { status, publicCode, detail } = row
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...answerHeaders,
      ...headers,
    },
    body: JSON.stringify({ title: statusTitles[status], status, code: publicCode, detail }),
  }
}
