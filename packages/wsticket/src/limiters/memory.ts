/**
 * Limiter in the memory of one process: several processes allow as much each. Takes less than a microsecond.
 * @module
 */
import { ConfigurationError } from '../errors.ts'
import type { Limiter } from '../limiter.ts'

/** How often something may happen. */
export interface Rate {
  /** How often in a second, on the average: more than 0. */
  readonly perSecond: number
  /** How often at once, after a time of rest: a whole number, 1 or more. */
  readonly burst: number
}

/** Bounds of a memory limiter. */
export interface MemoryLimiterOptions extends Rate {
  /** The most keys that are remembered, about 150 bytes each. Then the one is forgotten that took nothing for the longest time. Default 50,000. */
  readonly maxKeys?: number
}

const defaultMaxKeys = 50_000

/**
 * Creates a limiter: a leaking bucket for each key (the generic cell rate algorithm of ITU-T I.371), which is one number, and no timer.
 * Whoever has more addresses than `maxKeys` has as many full buckets anyway: a limit on everybody is what stops them.
 * @throws ConfigurationError for a rate or a bound that cannot be.
 */
export function createMemoryLimiter(options: MemoryLimiterOptions): Limiter {
  const { perSecond, burst, maxKeys = defaultMaxKeys } = options
  if (!(Number.isFinite(perSecond) && perSecond > 0))
    throw new ConfigurationError('perSecond', 'must be a number, more than 0')
  requireCount('burst', burst)
  requireCount('maxKeys', maxKeys)
  const intervalMs = 1000 / perSecond
  const fullMs = burst * intervalMs
  // When the bucket of a key will be empty. Whoever took last is last.
  const emptyAt = new Map<string, number>()
  return (key, now) => {
    const known = emptyAt.get(key) ?? now
    // More than full: the clock was set back.
    const from = known > now && known <= now + fullMs ? known : now
    const waitMs = from + intervalMs - now - fullMs
    // Less than a microsecond is an error of rounding.
    if (waitMs > 0.001) return waitMs
    emptyAt.delete(key)
    if (emptyAt.size >= maxKeys) emptyAt.delete(emptyAt.keys().next().value as string)
    emptyAt.set(key, from + intervalMs)
    return 0
  }
}

function requireCount(option: string, count: number): void {
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw new ConfigurationError(option, 'must be a whole number, 1 or more')
}
