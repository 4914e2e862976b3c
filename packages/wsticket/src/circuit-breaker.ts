/**
 * Circuit breaker: what has failed again and again is not asked for a while, and then tried with one question at a time.
 * @module
 */

/** Counts failures. */
export interface CircuitBreaker {
  /** Whether a question may be put now. Where the circuit is open: one, after every pause. */
  allows(): boolean
  succeeded(): void
  failed(): void
}

/** When the circuit opens. */
export interface CircuitBreakerOptions {
  /** So many failures in a row, with no success between them. */
  readonly failuresToOpen: number
  /** How long nothing is asked then, in milliseconds. */
  readonly pauseMs: number
}

/** Creates a breaker whose circuit is closed. */
export function createCircuitBreaker({ failuresToOpen, pauseMs }: CircuitBreakerOptions): CircuitBreaker {
  let failures = 0
  let triedAt = 0
  return {
    allows() {
      if (failures < failuresToOpen) return true
      // Not the clock that tickets live by: that one may be moved, and this one only paces.
      const instant = performance.now()
      if (instant - triedAt < pauseMs) return false
      triedAt = instant
      return true
    },
    succeeded() {
      failures = 0
    },
    failed() {
      failures += 1
      if (failures === failuresToOpen) triedAt = performance.now()
    },
  }
}
