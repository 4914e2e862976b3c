/**
 * What is known of an engine: whether it was inspected, and found to be of use. Forgotten after a failure; looked at again after a
 * minute, behind the questions.
 * @module
 */
import type { StoreInspection } from './ticket-store.ts'

/** Keeps in mind what an inspection has found. */
export interface Inspector {
  /** Whether the engine was inspected, and nothing has happened since. */
  isKnown(): boolean
  /** Inspects it, once at a time: who comes meanwhile gets what comes of it. */
  learn(): Promise<StoreInspection>
  forget(): void
}

const inspectAgainAfterMs = 60_000
const never = Number.NEGATIVE_INFINITY

/** Creates an inspector that knows nothing yet. */
export function createInspector(inspect: () => Promise<StoreInspection>): Inspector {
  let pending: Promise<StoreInspection> | null = null
  let learnedAt = never
  let forgotten = 0

  async function look(): Promise<StoreInspection> {
    const forgottenBefore = forgotten
    try {
      const found = await inspect()
      // What was forgotten meanwhile may have changed since the look began.
      if (forgotten === forgottenBefore) learnedAt = performance.now()
      return found
    } catch (error) {
      learnedAt = never
      throw error
    } finally {
      pending = null
    }
  }

  function learn(): Promise<StoreInspection> {
    pending ??= look()
    return pending
  }

  return {
    isKnown() {
      if (learnedAt === never) return false
      // Not the clock that tickets live by: that one may be moved, and this one only paces.
      if (pending === null && performance.now() - learnedAt > inspectAgainAfterMs) learn().catch(() => {})
      return true
    },
    learn,
    forget() {
      learnedAt = never
      forgotten += 1
    },
  }
}
