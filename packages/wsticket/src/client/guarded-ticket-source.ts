/**
 * A source of tickets behind a breaker.
 * @module
 */
import { createTicketBreaker, type TicketBreaker, type TicketSourceState } from './ticket-breaker.ts'
import { TicketRequestError, undecided } from './ticket-request-error.ts'
import { type PresentedTicket, readPresented, type TicketRequest, type TicketSource } from './ticket-source.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * A source of tickets with a circuit breaker. While it waits, and while it is stopped, an attempt fails at once, with the error that was the cause.
 *
 * - Where the answer is worth waiting for (429, 503, none at all) it waits for as long as `Retry-After` says, and on top of that for any
 *   time from 0 to 1 second, after a second failure from 0 to 2, and so on up to 30. Where the network was away, it waits for 1 second at the most once the page
 *   is online again.
 * - Where it is not (401, 403, 400) it is stopped until `credential()` returns another one. If that is refused, too, the next one is shown after such
 *   a wait.
 */
export interface GuardedTicketSource {
  (request: TicketRequest): Promise<PresentedTicket>
  /** As it is now. The same object until something changes. */
  readonly state: TicketSourceState
  /** Calls the listener, without arguments, after each change. Returns what ends that. */
  subscribe(this: void, listener: () => void): () => void
  /** Whoever wants a ticket may ask again, now: somebody has signed in, or pressed a button. Asks nobody by itself. */
  resume(this: void): void
}

const guarded = new WeakMap<TicketSource, GuardedTicketSource>()

/**
 * Puts a breaker before a source of one's own, to be watched and resumed; the same one each time. `createTicketWebSocket` does it for a source that has
 * none. As its credential is not known, it is stopped until `resume()`.
 */
export function guardTicketSource(source: TicketSource): GuardedTicketSource {
  const known = 'resume' in source ? (source as GuardedTicketSource) : guarded.get(source)
  if (known !== undefined) return known
  const made = guard(createTicketBreaker(), async () => '', source)
  guarded.set(source, made)
  return made
}

/** @param credential what the source is to show: where it is one that was refused, the source is not asked */
export function guard(
  breaker: TicketBreaker,
  credential: (signal: AbortSignal) => Promise<string>,
  source: (request: TicketRequest, credential: string) => Promise<unknown>,
): GuardedTicketSource {
  async function ask(request: TicketRequest): Promise<PresentedTicket> {
    const attempt = breaker.begin()
    const asked = async () => {
      const shown = await credential(request.signal)
      attempt.show(shown)
      return source(request, shown)
    }
    try {
      const presented = readPresented(await untilAborted(asked(), request.signal))
      if (presented === null) throw undecided('What the ticket source returned is no ticket.')
      attempt.succeed()
      return presented
    } catch (cause) {
      const { aborted, reason } = request.signal
      // Nobody wants it any more, which says nothing of the source.
      if (aborted && !(reason instanceof TicketRequestError)) throw reason
      const error = cause instanceof TicketRequestError ? cause : undecided('The ticket source failed.', { cause })
      attempt.fail(error)
      throw error
    }
  }
  const { resume, subscribe } = breaker
  const withState = Object.defineProperty(ask as GuardedTicketSource, 'state', { get: () => breaker.state })
  return Object.assign(withState, { resume, subscribe })
}
