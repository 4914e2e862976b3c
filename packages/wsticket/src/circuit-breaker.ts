/**
 * Circuit breaker: what has failed again and again is not asked any more, and tried in the background until it is back. Nobody
 * who asks meanwhile waits for a trial, or is one.
 * @module
 */

/** Counts failures. */
export interface CircuitBreaker {
  /** Whether nothing is to be asked. */
  readonly isOpen: boolean
  succeeded(): void
  failed(): void
  /** Ends the trials. */
  stop(): void
}

/** When the circuit opens, and how it is closed again. */
export interface CircuitBreakerOptions {
  /** So many failures in a row, with no success between them. */
  readonly failuresToOpen: number
  /** How long is waited before each trial, in milliseconds. */
  readonly pauseMs: number
  /** Resolves where all is well again, else rejects. Not called again before it has settled. */
  readonly tryAgain: () => Promise<unknown>
}

/** Creates a breaker whose circuit is closed. */
export function createCircuitBreaker({ failuresToOpen, pauseMs, tryAgain }: CircuitBreakerOptions): CircuitBreaker {
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | null = null
  let stopped = false

  function scheduleTrial(): void {
    if (stopped) return
    timer = setTimeout(() => void tryAgain().then(close, scheduleTrial), pauseMs)
    // A process that has nothing else to do may end, engine or not.
    ;(timer as { unref?: () => void }).unref?.()
  }

  function close(): void {
    failures = 0
    timer = null
  }

  return {
    get isOpen() {
      return timer !== null
    },
    succeeded() {
      failures = 0
    },
    failed() {
      failures += 1
      if (failures >= failuresToOpen && timer === null) scheduleTrial()
    },
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
