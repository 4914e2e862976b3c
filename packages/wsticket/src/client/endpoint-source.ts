/**
 * A source of tickets: `POST /tickets`, and what else is asked there about one (protocol.md section 3).
 * @module
 */
import { ask, bearer, parseUrl } from './endpoint-request.ts'
import { type GuardedTicketSource, guard } from './guarded-ticket-source.ts'
import { createLock, requireWebCrypto } from './lock.ts'
import { requireOneOf, requireOption } from './requirements.ts'
import type { SessionRenewal } from './session-renewal.ts'
import { createTicketBreaker, type TicketBreaker } from './ticket-breaker.ts'
import { TicketRequestError, undecided } from './ticket-request-error.ts'
import { isTicket, type PresentedTicket, readFate } from './ticket-source.ts'
import { pageUrl, readHosts, requireSecrecy } from './transport.ts'

/** Options of {@link createTicketSource}. */
export interface TicketSourceOptions {
  /** The ticket endpoint, `https:`. May be relative to the page. Plaintext `http:` obeys `insecureHosts`. */
  readonly ticketUrl: string | URL
  /**
   * The user's credential as it is now, sent as `Authorization: Bearer`. Called for each ticket and each renewal: refresh it here. The empty text says
   * that there is none, as for who has to sign in again; what it throws, that it cannot be had now, unless that is a `TicketRequestError` whose `action` is `stop`.
   */
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

/**
 * A source that asks the ticket endpoint, behind a breaker. Keeps no ticket, retries nothing, follows no redirect. Attempts at the same time
 * share one call of `credential()`. Give one to every class that opens its sockets with the same credential.
 *
 * The source rejects with a `TicketRequestError` for every answer but a 201 with a ticket, and for none at all; with the reason of the
 * signal where that comes first.
 *
 * @throws TypeError for options that cannot be, and where the ticket is to be locked and there is no `crypto.subtle`
 * @throws DOMException `SecurityError` where the credential would travel in plaintext
 */
export function createTicketSource(options: TicketSourceOptions): GuardedTicketSource {
  checkOptions(options)
  const { audience, lock, renewal } = options
  const breaker = createTicketBreaker()
  const credential = shared(() => bearer(options.credential))
  return guard(breaker, credential, async ({ signal }, shown): Promise<PresentedTicket> => {
    const locked = lock === 'off' ? null : await createLock()
    const body = audience === undefined && locked === null ? undefined : { audience, lock: locked?.lock }
    const answer: IssuedBody = await ask(options, { credential: shown, body, status: 201, signal })
    const { ticket, id, session_expires_in: endsIn } = answer
    if (!isTicket(ticket)) throw undecided('The ticket endpoint answered 201, but not with a ticket.', { status: 201 })
    const presented = { ticket, key: locked?.key ?? null }
    if (typeof id !== 'string') return presented
    const later = { options, breaker, credential, shown, id: encodeURIComponent(id) }
    const isRenewed = renewal !== 'off' && typeof endsIn === 'number'
    return { ...presented, inquire: inquiry(later), renewal: isRenewed ? renewalOf(later, endsIn) : undefined }
  })
}

// A refresh that takes longer may never come. Rotating refresh tokens do not bear two at once.
const mostSharedMs = 2000

/** One call for all who want it at the same time; a new one where somebody has given up a call that is older than that. */
function shared(call: () => Promise<string>): (signal: AbortSignal) => Promise<string> {
  let current: { readonly answer: Promise<string>; readonly beganAt: number; isGivenUp: boolean } | null = null
  return (signal) => {
    if (current?.isGivenUp && performance.now() - current.beganAt >= mostSharedMs) current = null
    current ??= { answer: call(), beganAt: performance.now(), isGivenUp: false }
    const mine = current
    const giveUp = () => {
      mine.isGivenUp = true
    }
    signal.addEventListener('abort', giveUp, { once: true })
    return mine.answer.finally(() => {
      if (current === mine) current = null
      signal.removeEventListener('abort', giveUp)
    })
  }
}

interface IssuedBody {
  readonly ticket?: unknown
  readonly id?: unknown
  readonly session_expires_in?: unknown
}

/** What the endpoint is asked with about a ticket that it has issued. */
interface Later {
  readonly options: TicketSourceOptions
  readonly breaker: TicketBreaker
  readonly credential: (signal: AbortSignal) => Promise<string>
  /** What it was issued for. */
  readonly shown: string
  readonly id: string
}

function inquiry({ options, breaker, shown, id }: Later): PresentedTicket['inquire'] {
  return async (signal) => {
    const attempt = breaker.begin()
    attempt.show(shown)
    try {
      return readFate(await ask(options, { below: id, method: 'GET', credential: shown, status: 200, signal }))
    } catch (error) {
      // Who was told to wait was told so for whatever he asks.
      if (error instanceof TicketRequestError && error.status === 429) attempt.fail(error)
      throw error
    }
  }
}

function renewalOf({ options, breaker, credential, id }: Later, expiresIn: number): SessionRenewal {
  return {
    endsInMs: expiresIn * 1000,
    async renew(signal) {
      const shown = await credential(signal)
      breaker.check(shown)
      const question = { beside: `sessions/${id}/renew`, status: 200, signal }
      const answer: IssuedBody = await ask(options, { ...question, credential: shown })
      const { session_expires_in: endsIn } = answer
      return typeof endsIn === 'number' ? endsIn * 1000 : null
    },
  }
}

function checkOptions(options: TicketSourceOptions): void {
  const { ticketUrl, credential, audience, lock, renewal, fetch, insecureHosts } = options
  requireOption(typeof credential === 'function', 'credential is a function')
  requireOption(audience === undefined || typeof audience === 'string', 'audience is a string')
  requireOption(fetch === undefined || typeof fetch === 'function', 'fetch is a function')
  requireOneOf('lock', lock, ['on', 'off'])
  requireOneOf('renewal', renewal, ['on', 'off'])
  if (lock !== 'off') requireWebCrypto()
  // Without a page a relative URL is let pass until the first request: a module that a server renders is loaded there, too.
  const url = parseUrl(ticketUrl, pageUrl() ?? 'https://relative.invalid')
  requireSecrecy(url, readHosts(insecureHosts))
}
