/**
 * Where a ticket and its key come from: `POST /tickets` (protocol.md section 3), or a function of the caller's own.
 * @module
 */
import { hasKeyForm, hasTicketForm } from '../wire.ts'
import { bearer, parseUrl, plainRequest, readBody, send } from './endpoint-request.ts'
import { createLock, requireWebCrypto, type TicketLock } from './lock.ts'
import type { SessionRenewal } from './session-renewal.ts'
import { refusalOfAnswer, undecided } from './ticket-request-error.ts'
import { mayCarrySecrets, pageUrl, readHosts } from './transport.ts'

/** What a {@link TicketSource} is asked. */
export interface TicketRequest {
  /** Aborted when the ticket is no longer wanted: the socket was closed, or `ticketTimeoutMs` went by. */
  readonly signal: AbortSignal
  /** Of the WebSocket that the ticket shall open, normalised. Has no ticket in it. */
  readonly url: string
}

/** A ticket, and the key that is shown beside it. */
export interface PresentedTicket {
  readonly ticket: string
  /** Null for a ticket without a lock: a key beside it would be refused. */
  readonly key: string | null
  /** How the session that it opens can go on. Default: it cannot. */
  readonly renewal?: SessionRenewal | undefined
}

/**
 * Gets one ticket for one attempt to open one WebSocket. A text is a ticket without a lock; for one with, `createLock` makes
 * the key and the lock that the ticket is to be asked for with.
 *
 * MUST return a ticket that was not returned before: one that has been presented is spent, whatever came of it.
 * MUST NOT keep the ticket or its key. SHOULD stop at the signal; its answer is not waited for after that. SHOULD reject with a
 * `TicketRequestError`; whatever else it throws becomes the `cause` of one, which says `try_later`.
 */
export type TicketSource = (request: TicketRequest) => Promise<string | PresentedTicket>

/** Options of {@link createTicketSource}. */
export interface TicketSourceOptions {
  /** The ticket endpoint, `https:`. May be relative to the page. Plaintext `http:` obeys `insecureHosts`. */
  readonly ticketUrl: string | URL
  /** The user's credential as it is now, sent as `Authorization: Bearer`. Called for each ticket and each renewal: refresh it here. */
  readonly credential: () => string | Promise<string>
  /** The WebSocket service that the ticket is for. Default: none is sent, the endpoint has one of its own. */
  readonly audience?: string | undefined
  /**
   * Default `on`: the ticket is locked with a fresh key, which never leaves this client but in the handshake, so that whoever
   * reads the answer of the ticket endpoint (a cache, a log, a server in between) has nothing to use. `off` for an endpoint that
   * knows no locks, and for a page in plaintext from another machine, which has no `crypto.subtle`.
   */
  readonly lock?: 'on' | 'off' | undefined
  /**
   * Default `on`: before the session ends, `credential` is called anew and sent to `sessions/{id}/renew` beside `ticketUrl`, so that the
   * WebSocket goes on with it. Where the server does not renew, the session ends as it would have. `off`: it is never asked.
   */
  readonly renewal?: 'on' | 'off' | undefined
  /** Default: the global `fetch` at the time of the request. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Hosts to which a credential may go without TLS, as `URL.hostname` spells them. Default: none but this machine. */
  readonly insecureHosts?: readonly string[] | undefined
}

/** What a ticket source returned, if it has the form of a ticket, with a key or without; null for anything else. */
export function readPresented(value: unknown): PresentedTicket | null {
  if (typeof value === 'string') return readPresented({ ticket: value, key: null })
  const { ticket, key, renewal } = (value ?? {}) as Partial<PresentedTicket>
  if (!isTicket(ticket) || !(key === null || (typeof key === 'string' && hasKeyForm(key)))) return null
  return { ticket, key, renewal: isRenewal(renewal) ? renewal : undefined }
}

function isRenewal(value: unknown): value is SessionRenewal {
  const { endsInMs, renew } = (value ?? {}) as Partial<SessionRenewal>
  return typeof endsInMs === 'number' && typeof renew === 'function'
}

function isTicket(value: unknown): value is string {
  return typeof value === 'string' && hasTicketForm(value)
}

/**
 * A source that asks the ticket endpoint. Keeps nothing, retries nothing, follows no redirect.
 *
 * The source rejects with a `TicketRequestError` for every answer but a 201 with a ticket, and for none at all.
 *
 * @throws TypeError for options that cannot be, and where the ticket is to be locked and there is no `crypto.subtle`
 * @throws DOMException `SecurityError` where the credential would travel in plaintext
 */
export function createTicketSource(options: TicketSourceOptions): (request: TicketRequest) => Promise<PresentedTicket> {
  checkOptions(options)
  return async ({ signal }) => {
    const credential = await bearer(options.credential)
    const locked: TicketLock | null = options.lock === 'off' ? null : await createLock()
    const response = await send(options, '', { ...ticketRequest(options, credential, locked), signal })
    if (response.status !== 201) throw await refusalOfAnswer(response)
    const { ticket, id, session_expires_in } = await readBody(response)
    if (!isTicket(ticket)) {
      throw undecided('The ticket endpoint answered 201, but not with a ticket.', { status: response.status })
    }
    const renewal = options.renewal === 'off' ? undefined : renewalOf(options, id, session_expires_in)
    return { ticket, key: locked?.key ?? null, renewal }
  }
}

/** Undefined for a session without an end, and for an endpoint that says nothing of one. */
function renewalOf(options: TicketSourceOptions, id: unknown, expiresIn: unknown): SessionRenewal | undefined {
  if (typeof id !== 'string' || typeof expiresIn !== 'number') return undefined
  const renew = async (signal: AbortSignal) => {
    const init = { ...plainRequest(await bearer(options.credential)), signal }
    const response = await send(options, `sessions/${encodeURIComponent(id)}/renew`, init)
    if (response.status !== 200) throw await refusalOfAnswer(response)
    const { session_expires_in } = await readBody(response)
    return typeof session_expires_in === 'number' ? session_expires_in * 1000 : null
  }
  return { endsInMs: expiresIn * 1000, renew }
}

function checkOptions(options: TicketSourceOptions): void {
  const { ticketUrl, credential, audience, lock = 'on', renewal = 'on', fetch, insecureHosts = [] } = options
  if (typeof credential !== 'function') throw new TypeError('credential is a function that returns the credential.')
  if (audience !== undefined && typeof audience !== 'string') throw new TypeError('audience is a string.')
  if (lock !== 'on' && lock !== 'off') throw new TypeError('lock is "on" or "off".')
  if (renewal !== 'on' && renewal !== 'off') throw new TypeError('renewal is "on" or "off".')
  if (lock === 'on') requireWebCrypto()
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

function ticketRequest({ audience }: TicketSourceOptions, credential: string, locked: TicketLock | null): RequestInit {
  const request = plainRequest(credential)
  if (audience === undefined && locked === null) return request
  return {
    ...request,
    headers: { ...request.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ audience, lock: locked?.lock }),
  }
}
