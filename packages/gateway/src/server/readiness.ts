/**
 * Whether the gateway can do its work now.
 * @module
 */

/** Tells whether tickets can be issued and redeemed. Never throws. */
export type Readiness = () => Promise<boolean>

const freshForMs = 1000

/**
 * Looks at all that has to be there, at most once a second: probes come from many sides, and every look is work for an engine. Once the
 * gateway is about to stop it is not ready, whatever is there.
 * @param looks each rejects where something cannot do its work
 */
export function createReadiness(
  looks: readonly (() => Promise<unknown>)[],
  stopping: AbortSignal | null = null,
): Readiness {
  let answer: Promise<boolean> | null = null
  let answeredAt = Number.NEGATIVE_INFINITY

  async function look(): Promise<boolean> {
    const ready = await Promise.all(looks.map((each) => each())).then(
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
