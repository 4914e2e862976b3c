/**
 * Port: how often something may happen. Implementations stand in `limiters/`; an operator's own function is one, too.
 * @module
 */
import type { EpochMs } from './clock.ts'

/**
 * Takes one of what a key may have. Returns 0 where it may, else how long until it may, in milliseconds.
 *
 * MUST decide and take in one step, for two askers are never both given the last one. Whoever asks again while he is to wait MUST NOT
 * have to wait longer for that. MUST bound what it keeps in memory, whatever the number of keys. MUST throw, or reject, where it cannot
 * tell: the request is then refused with 503. Keys are subjects and addresses, of at most 2,100 characters.
 */
export interface Limiter {
  (key: string, now: EpochMs): number | Promise<number>
  /** Whether requests pass without it while its engine is away: that is announced as a danger. Default false. */
  readonly passesWhenUnavailable?: boolean
}
