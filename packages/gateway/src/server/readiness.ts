/**
 * Whether the gateway can do its work now.
 * @module
 */
import type { TicketStore } from 'wsticket'

/** Tells whether tickets can be issued and redeemed. Never throws. */
export type Readiness = () => Promise<boolean>

const freshForMs = 1000

/**
 * Asks the store, one question at a time and at most one a second: probes come from many sides, and every look is work for the
 * engine. Once the gateway is about to stop it is not ready, whatever the store says.
 */
export function createReadiness(store: Pick<TicketStore, 'inspect'>, stopping: AbortSignal | null = null): Readiness {
  let answer: Promise<boolean> | null = null
  let answeredAt = Number.NEGATIVE_INFINITY

  async function look(): Promise<boolean> {
    const ready = await store.inspect().then(
      () => true,
      () => false,
    )
    answeredAt = performance.now()
    return ready
  }

  return async () => {
    if (stopping?.aborted) return false
    if (answer === null || performance.now() - answeredAt >= freshForMs) {
      answeredAt = Number.POSITIVE_INFINITY
      answer = look()
    }
    return answer
  }
}
