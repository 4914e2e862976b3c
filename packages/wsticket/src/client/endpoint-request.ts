/**
 * What travels to the ticket endpoint, and back: a credential, and never anywhere else.
 * @module
 */
import { requireOption } from './requirements.ts'
import { readBody, refusalOfAnswer, TicketRequestError, undecided, unfitCredential } from './ticket-request-error.ts'
import { pageUrl, urlOf } from './transport.ts'

/**
 * The URL of a ticket endpoint.
 * @throws TypeError for what is none
 */
export function parseUrl(ticketUrl: string | URL, base: string | undefined): URL {
  const what = 'ticketUrl is absolute, or relative to the page, and https: or http:, without a user name and a password'
  const url = urlOf(ticketUrl, base)
  requireOption(url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === '', what)
  return url
}

/**
 * The credential as it is now.
 * @throws TicketRequestError where it cannot be had, or cannot be sent
 */
export async function bearer(credential: () => unknown): Promise<string> {
  let value: unknown
  try {
    value = await credential()
  } catch (cause) {
    throw cause instanceof TicketRequestError ? cause : undecided('The credential could not be had.', { cause })
  }
  if (value === undefined || value === null || value === '') throw unfitCredential('credential_required')
  // Checked here because fetch would quote a value that is no header value in its error.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw unfitCredential('invalid_token')
  return value
}

/** Where tickets are, and what asks. */
export interface Endpoint {
  readonly ticketUrl: string | URL
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** One question. */
export interface Question {
  /** What is asked about: a path that starts where the last part of `ticketUrl` does, or one below that. Default: neither. */
  readonly beside?: string
  readonly below?: string
  readonly method?: 'GET' | 'POST'
  readonly credential: string
  readonly body?: object | undefined
  /** What it is answered with. Any other status is a refusal. */
  readonly status: number
  readonly signal: AbortSignal
}

/**
 * Asks the endpoint. Resolves with the body of the answer, empty where it is no JSON.
 * @throws TicketRequestError for a refusal, and where there is no answer
 */
export async function ask(
  { ticketUrl, fetch = globalThis.fetch }: Endpoint,
  { beside, below, method = 'POST', credential, body, status, signal }: Question,
): Promise<object> {
  const url = parseUrl(ticketUrl, pageUrl())
  if (below !== undefined) url.pathname = `${url.pathname.replace(/\/$/, '')}/${below}`
  if (beside !== undefined) url.pathname = url.pathname.replace(/[^/]*\/?$/, beside)
  const authorization = `Bearer ${credential}`
  const json = body && { body: JSON.stringify(body) }
  const headers = { authorization, ...(json && { 'content-type': 'application/json' }) }
  let response: Response
  try {
    // A redirect would carry the credential where nobody meant it to go: it is an answer like any other (Workers know no 'error').
    const how = { method, cache: 'no-store', redirect: 'manual', signal } as const
    response = await fetch(url, { ...how, ...json, headers })
  } catch (cause) {
    throw undecided('The ticket endpoint could not be reached.', { cause })
  }
  if (response.status !== status) throw await refusalOfAnswer(response)
  return readBody(response)
}
