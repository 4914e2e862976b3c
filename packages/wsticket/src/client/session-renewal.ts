/**
 * Keeps the session of a WebSocket going: before its end a newer credential is shown over HTTP, and nothing is sent over the socket.
 * @module
 */
import { TicketRequestError } from './ticket-request-error.ts'

/** How a session can go on. */
export interface SessionRenewal {
  /** In how many milliseconds it ends, from the ticket's arrival on. */
  readonly endsInMs: number
  /**
   * Asks that it go on. Resolves with in how many milliseconds it ends then, null for never. SHOULD reject with a `TicketRequestError`: `wait` and whatever is
   * no such error means that it may be asked again, any other that it may not.
   */
  renew(signal: AbortSignal): Promise<number | null>
}

// From three fifths of what is left on, and not all clients at the same moment.
const [earliest, latest] = [0.6, 0.8]
// What is left then is not worth a request.
const leastMs = 5000
const longestDelayMs = 2 ** 31 - 1

/** Renews a session again and again, until it may not be any more. Returns what stops it. */
export function keepRenewed({ endsInMs, renew }: SessionRenewal): () => void {
  const stopped = new AbortController()
  let endsAt: number | null = performance.now() + endsInMs
  let timer: ReturnType<typeof setTimeout>

  function plan(): void {
    const leftMs = endsAt === null ? 0 : endsAt - performance.now()
    if (stopped.signal.aborted || leftMs < leastMs) return
    const delayMs = leftMs * (earliest + chance() * (latest - earliest))
    timer = setTimeout(() => void attempt(), Math.min(delayMs, longestDelayMs))
  }

  async function attempt(): Promise<void> {
    try {
      const nextMs = await renew(stopped.signal)
      endsAt = nextMs === null ? null : performance.now() + nextMs
    } catch (error) {
      if (error instanceof TicketRequestError && error.action !== 'wait') return
    }
    plan()
  }

  plan()
  return () => {
    stopped.abort()
    clearTimeout(timer)
  }
}

/** From 0 to 1. */
function chance(): number {
  return (crypto.getRandomValues(new Uint8Array(1))[0] as number) / 255
}
