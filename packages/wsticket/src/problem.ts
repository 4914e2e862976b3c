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

/** The answer to a refused handshake: the same bytes for every code that shares a public code. */
export function refusalAnswer(code: RefusalCode): HttpAnswer {
  const row: RefusalRow = refusals[code]
  // RFC 9110 section 11.6.1: a 401 names the scheme that would help.
  return problemAnswer(row, row.status === 401 ? { 'WWW-Authenticate': 'Ticket realm="websocket"' } : {})
}

/** The answer of the ticket endpoint to a request that it refuses (RFC 6750 section 3 for bad credentials). */
export function issueRefusalAnswer(code: IssueRefusalCode): HttpAnswer {
  const row: RefusalRow = issueRefusals[code]
  if (row.status === 405) return problemAnswer(row, { Allow: 'POST, OPTIONS' })
  if (row.status !== 401) return problemAnswer(row, {})
  const error = code === 'credential_missing' ? '' : ', error="invalid_token"'
  return problemAnswer(row, { 'WWW-Authenticate': `Bearer realm="tickets"${error}` })
}

function problemAnswer(row: RefusalRow, headers: { readonly [name: string]: string }): HttpAnswer {
  const { status, publicCode, detail } = row
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...answerHeaders,
      ...(status === 503 || status === 429 ? { 'Retry-After': String(retryAfterSeconds) } : {}),
      ...headers,
    },
    body: JSON.stringify({ title: statusTitles[status], status, code: publicCode, detail }),
  }
}
