/**
 * What travels to the ticket endpoint, and back: a credential, and never anywhere else.
 * @module
 */
import { undecided, unfitCredential } from './ticket-request-error.ts'
import { pageUrl } from './transport.ts'

/**
 * The URL of a ticket endpoint.
 * @throws TypeError for what is none
 */
export function parseUrl(ticketUrl: string | URL, base: string | undefined): URL {
  let url: URL
  try {
    url = new URL(ticketUrl, base)
  } catch {
    throw new TypeError('ticketUrl is an absolute URL, or there is a page that it is relative to.')
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError('ticketUrl is https: or http:.')
  if (url.username !== '' || url.password !== '') throw new TypeError('ticketUrl has no user name and no password.')
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
    throw undecided('The credential could not be had.', { cause })
  }
  if (value === undefined || value === null || value === '') throw unfitCredential('credential_missing')
  // Checked here because fetch would quote a value that is no header value in its error.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw unfitCredential('credential_malformed')
  return value
}

/** A request with a credential, and no body. */
export interface PlainRequest extends RequestInit {
  readonly headers: { readonly authorization: string }
}

/** Makes one. */
export function plainRequest(credential: string): PlainRequest {
  // A redirect would carry the credential where nobody meant it to go.
  const how = { method: 'POST', cache: 'no-store', redirect: 'error' } as const
  return { ...how, headers: { authorization: `Bearer ${credential}` } }
}

/** Where tickets are, and what asks. */
export interface Endpoint {
  readonly ticketUrl: string | URL
  readonly fetch?: typeof globalThis.fetch | undefined
}

/**
 * Asks the endpoint.
 * @param beside a path that starts where the last part of `ticketUrl` does; '' for that URL itself
 * @throws TicketRequestError where there is no answer
 */
export async function send(
  { ticketUrl, fetch = globalThis.fetch }: Endpoint,
  beside: string,
  init: RequestInit,
): Promise<Response> {
  const tickets = parseUrl(ticketUrl, pageUrl())
  const url = beside === '' ? tickets : new URL(beside, tickets)
  try {
    return await fetch(url, init)
  } catch (cause) {
    throw undecided('The ticket endpoint could not be reached, or it answered with a redirect.', { cause })
  }
}

/** What an answer may say. */
export interface Body {
  readonly ticket?: unknown
  readonly id?: unknown
  readonly session_expires_in?: unknown
}

/** The body of an answer: empty where it is no JSON. */
export async function readBody(response: Response): Promise<Body> {
  try {
    return ((await response.json()) as Body | null) ?? {}
  } catch {
    // No cause: a JSON parser quotes what it could not read, which may be a ticket.
    return {}
  }
}
