/**
 * What a client is answered that was admitted, and that the upstream did not take.
 * @module
 */
import type { HttpAnswer } from 'wsticket'
import type { UpstreamFailure } from '../events.ts'
import { problem } from '../problems.ts'

const unavailable = problem(502, 'upstream_unavailable', 'The service behind this gateway did not take the connection.')
const timedOut = problem(504, 'upstream_timeout', 'The service behind this gateway did not answer in time.')

/** 504 for an upstream that was too slow, else 502. */
export function answerTo(code: UpstreamFailure): HttpAnswer {
  return code === 'upstream_timeout' ? timedOut : unavailable
}
