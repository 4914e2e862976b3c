/**
 * What the gateway itself refuses over HTTP: problem documents (RFC 9457) of the same form as the library's.
 * @module
 */
import { STATUS_CODES } from 'node:http'
import type { HttpAnswer } from 'wsticket'

/** A problem document with a stable code, and one sentence for the developer who reads it. */
export function problem(status: number, code: string, detail: string): HttpAnswer {
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 503 ? { 'Retry-After': '2' } : {}),
    },
    body: JSON.stringify({ title: STATUS_CODES[status], status, code, detail }),
  }
}

/** The answer to everything that is no route. */
export const notFound: HttpAnswer = problem(404, 'not_found', 'There is nothing here.')

/** A web-standard Response of an answer. */
export function responseOf({ status, headers, body }: HttpAnswer): Response {
  return new Response(body, { status, headers })
}
