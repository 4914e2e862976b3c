/**
 * Keeps the session of a WebSocket going: before its end a newer credential is shown over HTTP, and nothing is sent over the socket.
 * @module
 */
import { chance, longestDelayMs } from './delays.ts'
import { TicketRequestError, undecided } from './ticket-request-error.ts'
import { untilAborted } from './until-aborted.ts'

/** How a session can go on. */
export interface SessionRenewal {
  /** In how many milliseconds it ends, from the moment on at which the ticket source returns this. */
  readonly endsInMs: number
  /**
   * Asks that it go on. Resolves with in how many milliseconds it ends then, null for never. SHOULD reject with a `TicketRequestError`,
   * which says whether it may be asked again. SHOULD stop at the signal; its answer is not waited for after that.
   */
  readonly renew: (signal: AbortSignal) => Promise<number | null>
}

// From three fifths of what is left on, and not all clients at the same moment.
const [earliest, latest] = [0.6, 0.8]
// What is left then is not worth a request.
const leastMs = 5000
const mostAttemptMs = 10_000

/**
 * Renews a session again and again, until it may not be any more. Returns what stops it.
 * @param renewal undefined where the ticket source knows of none
 * @param arrivedAt when the ticket source had returned it, in milliseconds of `performance.now()`
 */
export function keepRenewed(renewal: SessionRenewal | undefined, arrivedAt: number): () => void {
  if (typeof renewal?.renew !== 'function') return () => {}
  const { endsInMs, renew } = renewal
  let endsAt = arrivedAt + endsInMs
  let attempt: AbortController | null = null
  let timer: ReturnType<typeof setTimeout>
  let stopped = false
  let doubts = 0

  function plan(atLeastMs = 0): void {
    const leftMs = endsAt - performance.now()
    const delayMs = Math.max(atLeastMs, leftMs * (earliest + chance() * (latest - earliest)))
    // A time that is none ends it, too.
    if (stopped || !(leftMs >= leastMs && delayMs < leftMs)) return
    timer = setTimeout(() => void renewOnce(), Math.min(delayMs, longestDelayMs))
  }

  async function renewOnce(): Promise<void> {
    attempt = new AbortController()
    // Whatever hangs is given up: it would be the last attempt.
    const deadline = setTimeout(() => attempt?.abort(undecided('The session was not renewed in time.')), mostAttemptMs)
    try {
      const nextMs = await untilAborted(renew(attempt.signal), attempt.signal)
      doubts = 0
      if (nextMs === null) return
      endsAt = performance.now() + nextMs
      plan()
    } catch (error) {
      doubts += 1
      if (mayAskAgain(error, doubts)) plan(error instanceof TicketRequestError ? (error.retryAfterMs ?? 0) : 0)
    } finally {
      clearTimeout(deadline)
    }
  }

  plan()
  return () => {
    stopped = true
    clearTimeout(timer)
    attempt?.abort()
  }
}

/** What may pass by itself: a credential that is being refreshed, and a node that did not answer in time, once. */
function mayAskAgain(error: unknown, doubts: number): boolean {
  if (!(error instanceof TicketRequestError) || error.action === 'wait') return true
  return (error.status === 401 || error.status === 404) && doubts < 2
}
