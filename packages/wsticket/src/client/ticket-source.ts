/**
 * Where a ticket comes from: `POST /tickets` (protocol.md section 3), or a function of the caller's own.
 * @module
 */
import { hasTicketForm } from '../wire.ts'
import { refusalOfAnswer, undecided, unfitCredential } from './ticket-request-error.ts'
import { mayCarrySecrets, pageUrl, readHosts } from './transport.ts'

/** What a {@link TicketSource} is asked. */
export interface TicketRequest {
  /** Aborted when the ticket is no longer wanted: the socket was closed, or `ticketTimeoutMs` went by. */
  readonly signal: AbortSignal
  /** Of the WebSocket that the ticket shall open, normalised. Has no ticket in it. */
  readonly url: string
}

/**
 * Gets one ticket for one attempt to open one WebSocket.
 *
 * MUST return a ticket that was not returned before: one that has been presented is spent, whatever came of it.
 * MUST NOT keep the ticket. SHOULD stop at the signal; its answer is not waited for after that. SHOULD reject with a
 * `TicketRequestError`; whatever else it throws becomes the `cause` of one, which says `try_later`.
 */
export type TicketSource = (request: TicketRequest) => Promise<string>

/** Options of {@link createTicketSource}. */
export interface TicketSourceOptions {
  /** The ticket endpoint, `https:`. May be relative to the page. Plaintext `http:` obeys `insecureHosts`. */
  readonly ticketUrl: string | URL
  /** The user's credential as it is now, sent as `Authorization: Bearer`. Called once per ticket: refresh it here. */
  readonly credential: () => string | Promise<string>
  /** The WebSocket service that the ticket is for. Default: none is sent, the endpoint has one of its own. */
  readonly audience?: string | undefined
  /** Default: the global `fetch` at the time of the request. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Hosts to which a credential may go without TLS, as `URL.hostname` spells them. Default: none but this machine. */
  readonly insecureHosts?: readonly string[] | undefined
}

/** Whether a value has the form of a ticket. Says nothing about whether it opens anything. */
export function isTicket(value: unknown): value is string {
  return typeof value === 'string' && hasTicketForm(value)
}

/**
 * A source that asks the ticket endpoint. Keeps nothing, retries nothing, follows no redirect.
 *
 * The source rejects with a `TicketRequestError` for every answer but a 201 with a ticket, and for none at all.
 *
 * @throws TypeError for options that cannot be
 * @throws DOMException `SecurityError` where the credential would travel in plaintext
 */
export function createTicketSource(options: TicketSourceOptions): TicketSource {
  checkOptions(options)
  return async ({ signal }) => {
    const request = ticketRequest(options, await bearer(options.credential))
    const response = await send(options, { ...request, signal })
    if (response.status !== 201) throw await refusalOfAnswer(response)
    return ticketOf(response)
  }
}

function checkOptions({ ticketUrl, credential, audience, fetch, insecureHosts = [] }: TicketSourceOptions): void {
  if (typeof credential !== 'function') throw new TypeError('credential is a function that returns the credential.')
  if (audience !== undefined && typeof audience !== 'string') throw new TypeError('audience is a string.')
  if (fetch !== undefined && typeof fetch !== 'function') throw new TypeError('fetch is a function.')
  // Without a page a relative URL is let pass until the first request: a module that a server renders is loaded there, too.
  const url = parseUrl(ticketUrl, pageUrl() ?? 'https://relative.invalid')
  if (!mayCarrySecrets(url, readHosts(insecureHosts))) {
    throw new DOMException(
      'A credential is not sent in plaintext: use https: in ticketUrl, or name the host in the option insecureHosts.',
      'SecurityError',
    )
  }
}

function parseUrl(ticketUrl: string | URL, base: string | undefined): URL {
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

async function bearer(credential: TicketSourceOptions['credential']): Promise<string> {
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

function ticketRequest({ audience }: TicketSourceOptions, credential: string): RequestInit {
  const authorization = `Bearer ${credential}`
  // A redirect would carry the credential where nobody meant it to go.
  const request: RequestInit = { method: 'POST', cache: 'no-store', redirect: 'error', headers: { authorization } }
  if (audience === undefined) return request
  return {
    ...request,
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ audience }),
  }
}

async function send(
  { ticketUrl, fetch = globalThis.fetch }: TicketSourceOptions,
  init: RequestInit,
): Promise<Response> {
  const url = parseUrl(ticketUrl, pageUrl())
  try {
    return await fetch(url, init)
  } catch (cause) {
    throw undecided('The ticket endpoint could not be reached, or it answered with a redirect.', { cause })
  }
}

async function ticketOf(response: Response): Promise<string> {
  const ticket = await readTicket(response)
  if (isTicket(ticket)) return ticket
  throw undecided('The ticket endpoint answered 201, but not with a ticket.', { status: response.status })
}

async function readTicket(response: Response): Promise<unknown> {
  try {
    const body: unknown = await response.json()
    return (body as { ticket?: unknown } | null)?.ticket
  } catch {
    // No cause: a JSON parser quotes what it could not read, which may be a ticket.
    return undefined
  }
}
