/**
 * A clock that stands still until it is moved.
 * @module
 */
import { type Clock, type EpochMs, systemClock } from '../clock.ts'

/** Time in the hands of a test. */
export interface MovableClock {
  readonly now: Clock
  /** Moves it by so many milliseconds; backwards where they are negative. */
  advance(durationMs: number): void
}

/** Creates a clock that shows the instant that is given, by default the present one. */
export function createMovableClock(start: number = systemClock()): MovableClock {
  let instant = start
  return {
    now: () => instant as EpochMs,
    advance: (durationMs) => {
      instant += durationMs
    },
  }
}
