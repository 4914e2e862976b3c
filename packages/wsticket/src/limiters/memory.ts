/**
 * Limiter in the memory of one process: several processes allow as much each. Takes less than a microsecond.
 * @module
 */
import { ConfigurationError } from '../errors.ts'
import type { Limiter } from '../limiter.ts'
import { requireCount } from '../option-checks.ts'

/** How often something may happen. */
export interface Rate {
  /** How often in a second, on the average: more than 0. */
  readonly perSecond: number
  /** How often at once, after a time of rest: a whole number, 1 or more. */
  readonly burst: number
}

/** Bounds of a memory limiter. */
export interface MemoryLimiterOptions extends Rate {
  /** The most keys that are remembered, about 150 bytes each. Then an old one is forgotten. Default 50,000. */
  readonly maxKeys?: number
}

const defaultMaxKeys = 50_000
// Less is an error of rounding, and tells neither that a bucket is full nor that it is more than full.
const roundingMs = 0.001

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
  const buckets = new Map<string, Bucket>()
  return (key, now) => {
    const bucket = buckets.get(key)
    if (bucket === undefined) {
      if (buckets.size >= maxKeys) makeRoom(buckets, now)
      buckets.set(key, { emptyAt: now + intervalMs })
      return 0
    }
    const { emptyAt } = bucket
    // More than full: the clock was set back.
    const from = emptyAt > now && emptyAt <= now + fullMs + roundingMs ? emptyAt : now
    const waitMs = from + intervalMs - now - fullMs
    if (waitMs > roundingMs) return waitMs
    bucket.emptyAt = from + intervalMs
    return 0
  }
}

interface Bucket {
  emptyAt: number
}

const secondChances = 8

/** Forgets a key: the first of the oldest few whose bucket is empty, for it loses nothing; else the oldest. */
function makeRoom(buckets: Map<string, Bucket>, now: number): void {
  let oldest: string | null = null
  let looked = 0
  for (const [key, { emptyAt }] of buckets) {
    oldest ??= key
    looked += 1
    if (emptyAt <= now || looked >= secondChances) {
      buckets.delete(emptyAt <= now ? key : oldest)
      return
    }
  }
  if (oldest !== null) buckets.delete(oldest)
}
