/**
 * What a client is answered that was admitted, and that the upstream did not take.
 * @module
 */
import { type HttpAnswer, type RefusalCode, refusalAnswer } from 'wsticket'
import type { UpstreamFailure } from '../events.ts'
import { problem } from '../problems.ts'

const unavailable = problem(502, 'upstream_unavailable', 'The service behind this gateway did not take the connection.')
const timedOut = problem(504, 'upstream_timeout', 'The service behind this gateway did not answer in time.')

/** 504 for an upstream that was too slow, else 502. */
export function answerTo(code: UpstreamFailure): HttpAnswer {
  return code === 'upstream_timeout' ? timedOut : unavailable
}

/** The private code of what {@link finalAnswer} says. */
export const finalCode: RefusalCode = 'permission_denied'

const noContent: HttpAnswer = { status: 204, headers: { 'Cache-Control': 'no-store' }, body: '' }
const forbidden = refusalAnswer(finalCode)
const finalStatuses: ReadonlySet<number | null> = new Set([401, 403, 404, 410])

/**
 * What a client is answered whose event stream the upstream has refused with this status for good: 204 as it is, and 403 for what is about this client, or
 * says that there is no such stream. Null for any other status: it may be another one the next time.
 */
export function finalAnswer(status: number | null): HttpAnswer | null {
  if (status === 204) return noContent
  return finalStatuses.has(status) ? forbidden : null
}
