/**
 * When a directory removes what dead nodes have told: in passing, now and then.
 * @module
 */
import type { EpochMs } from './clock.ts'

const sweepEveryMs = 10_000

/** Sweeps where it is time. Nobody waits for it: where it fails, the next one does it. */
export function createSweep(sweep: (now: EpochMs) => Promise<unknown>): (now: EpochMs) => void {
  let sweptAt = Number.NEGATIVE_INFINITY
  return (now) => {
    if (Math.abs(now - sweptAt) < sweepEveryMs) return
    sweptAt = now
    sweep(now).catch(() => {})
  }
}
