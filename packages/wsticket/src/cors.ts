/**
 * CORS for the ticket endpoint and for event streams (WHATWG Fetch section 3.2): an exact list of origins, never `*`.
 * @module
 */
import { requireOneOf } from './option-checks.ts'
import { answerHeaders, type HttpAnswer } from './problem.ts'

/** Whether pages of another origin may send the cookie that `authenticate` goes by, and be given one with their ticket. */
export type CorsCredentials = 'omit' | 'include'

/** The headers that let a page read an answer: those of a listed origin, or nothing but `Vary`. */
export type CorsHeaders = (origin: string | null) => HttpAnswer['headers']

/**
 * CORS headers for a list of origins, made once for each.
 * @throws ConfigurationError for credentials that are neither.
 */
export function createCorsHeaders(origins: ReadonlySet<string>, credentials: CorsCredentials): CorsHeaders {
  requireOneOf('corsCredentials', credentials, ['omit', 'include'])
  const vary = { Vary: 'Origin' }
  const allowCredentials = credentials === 'include' ? { 'Access-Control-Allow-Credentials': 'true' } : {}
  const headersOf = (origin: string) => ({
    ...vary,
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'Retry-After, WWW-Authenticate',
    ...allowCredentials,
  })
  const listed = new Map([...origins].map((origin) => [origin, headersOf(origin)]))
  return (origin) => (origin === null ? vary : (listed.get(origin) ?? vary))
}

/** The answer to the OPTIONS request by which a browser asks whether a page may send the real one, by one of these methods. */
export function preflightAnswer(cors: HttpAnswer['headers'], methods: Iterable<string>): HttpAnswer {
  return {
    status: 204,
    headers: {
      ...answerHeaders,
      ...cors,
      'Access-Control-Allow-Methods': [...methods].join(', '),
      'Access-Control-Allow-Headers': 'Authorization, Content-Type',
      'Access-Control-Max-Age': '600',
    },
    body: '',
  }
}
