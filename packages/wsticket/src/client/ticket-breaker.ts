/**
 * Stands before a source of tickets: most clients that reconnect go on asking, whatever the answer was.
 * @module
 */
import { chance } from './chance.ts'
import { TicketRequestError, undecided } from './ticket-request-error.ts'
import { type PresentedTicket, readPresented, type TicketRequest, type TicketSource } from './ticket-source.ts'
import { untilAborted } from './until-aborted.ts'

/** How things stand with a source of tickets. */
export type TicketSourceState =
  | { readonly status: 'ready'; readonly error: null; readonly retryInMs: null }
  /** The last request could not be answered: nobody asks again before `retryInMs`, counted from the change of the state, are over. */
  | { readonly status: 'waiting'; readonly error: TicketRequestError; readonly retryInMs: number }
  /** The credential was refused, or the subject: nobody asks again before there is another credential, or `resume()`. */
  | { readonly status: 'stopped'; readonly error: TicketRequestError; readonly retryInMs: null }

/**
 * A source of tickets with a circuit breaker. While it waits, and while it is stopped, an attempt fails at once, with the error that was the cause.
 *
 * - Where the answer is worth waiting for (429, 503, none at all) it waits for as long as `Retry-After` says, and on top of that for any
 *   time from 0 to 1 second, after a second failure from 0 to 2, and so on up to 30. It waits no longer once the page is online again.
 * - Where it is not (401, 403, 400) it is stopped until `credential()` returns another one.
 */
export interface GuardedTicketSource {
  (request: TicketRequest): Promise<PresentedTicket>
  /** As it is now. The same object until something changes. */
  readonly state: TicketSourceState
  /** Calls the listener, without arguments, after each change. Returns what ends that. */
  subscribe(this: void, listener: () => void): () => void
  /** Asks again, now: somebody has signed in, or pressed a button. */
  resume(this: void): void
}

const ready: TicketSourceState = { status: 'ready', error: null, retryInMs: null }
const [firstMostMs, mostMs] = [1000, 30_000]
// A timer that is set to more fires at once.
const longestDelayMs = 2 ** 31 - 1

/**
 * Puts a breaker before a source of one's own, to be watched and resumed. `createTicketWebSocket` does it for a source that has none. As its
 * credential is not known, it is stopped until `resume()`.
 */
export function guardTicketSource(source: TicketSource): GuardedTicketSource {
  return 'resume' in source ? (source as GuardedTicketSource) : createBreaker(source, async () => '')
}

/** @param credential what the source is to show: where it is one that was refused, the source is not asked */
export function createBreaker(
  source: (request: TicketRequest, credential: string) => Promise<unknown>,
  credential: () => Promise<string>,
): GuardedTicketSource {
  const breaker = new Breaker()
  async function guarded(request: TicketRequest): Promise<PresentedTicket> {
    if (breaker.state.status === 'waiting') throw breaker.state.error
    let shown = ''
    const attempt = async () => {
      shown = await credential()
      breaker.check(shown)
      return source(request, shown)
    }
    try {
      const presented = readPresented(await untilAborted(attempt(), request.signal))
      if (presented === null) throw undecided('What the ticket source returned is no ticket.')
      breaker.resume()
      return presented
    } catch (cause) {
      const { aborted, reason } = request.signal
      // Nobody wants it any more, which says nothing of the source.
      if (aborted && !(reason instanceof TicketRequestError)) throw reason
      const error = cause instanceof TicketRequestError ? cause : undecided('The ticket source failed.', { cause })
      breaker.fail(error, shown)
      throw error
    }
  }
  const { resume, subscribe } = breaker
  return Object.assign(Object.defineProperty(guarded as GuardedTicketSource, 'state', { get: () => breaker.state }), {
    resume,
    subscribe,
  })
}

class Breaker {
  state: TicketSourceState = ready
  readonly #listeners = new Set<() => void>()
  #failures = 0
  #refused: { readonly shown: string; readonly error: TicketRequestError } | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    globalThis.addEventListener?.('online', () => {
      if (this.state.status === 'waiting') this.resume()
    })
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly resume = (): void => {
    this.#failures = 0
    this.#refused = null
    this.#become(ready)
  }

  /** @throws TicketRequestError for what was shown, and refused */
  check(shown: string): void {
    if (this.#refused?.shown === shown) throw this.#refused.error
  }

  fail(error: TicketRequestError, shown: string): void {
    if (error.action === 'stop') {
      this.#refused = { shown, error }
      this.#become({ status: 'stopped', error, retryInMs: null })
      return
    }
    // Of several that were under way together the first one counts.
    if (this.state.status === 'waiting') return
    const jitterMs = chance() * Math.min(mostMs, firstMostMs * 2 ** this.#failures++)
    const retryInMs = Math.min(longestDelayMs, Math.round((error.retryAfterMs ?? 0) + jitterMs))
    this.#become({ status: 'waiting', error, retryInMs })
    this.#timer = setTimeout(() => this.#become(ready), retryInMs)
    // A process that has nothing else to do may end.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  #become(next: TicketSourceState): void {
    if (next.status === this.state.status && next.error === this.state.error) return
    clearTimeout(this.#timer)
    this.state = next
    for (const listener of this.#listeners) queueMicrotask(listener)
  }
}
