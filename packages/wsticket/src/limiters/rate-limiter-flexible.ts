/**
 * Limiter over one of the package `rate-limiter-flexible`, which counts in Redis, Valkey, PostgreSQL and others: a limit that several
 * processes share. Takes whichever of its limiters has the method `consume`.
 *
 * ```ts
 * const perSubject = fromRateLimiter(new RateLimiterRedis({ storeClient, keyPrefix: 'issue', points: 50, duration: 10 }))
 * const endpoint = createTicketEndpoint({ issuer, authenticate, origins, limits: { perSubject } })
 * ```
 * @module
 */
import { requireDeadline, withinDeadline } from '../deadline.ts'
import { sha256 } from '../digest.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import type { Limiter } from '../limiter.ts'
import { requireOneOf } from '../option-checks.ts'

/** What is needed of a limiter of the package. Rejects with `msBeforeNext` where there are no points left. */
export interface RateLimiterLike {
  consume(key: string): Promise<unknown>
}

/** What happens while the engine is away. */
export interface FromRateLimiterOptions {
  /**
   * `refuse`, the default: requests are refused with 503. `allow`: they pass without this limit, which is announced. An
   * `insuranceLimiter` of the package is asked before either.
   */
  readonly whenUnavailable?: 'refuse' | 'allow'
  /** How long the engine may take to answer, in milliseconds. Default 1,000. */
  readonly deadlineMs?: number
}

const defaultDeadlineMs = 1000

/**
 * A limiter over one of `rate-limiter-flexible`. The engine gets the SHA-256 of each key: keys name people, and have no bound in length.
 * @throws ConfigurationError for an option that cannot be.
 */
export function fromRateLimiter(limiter: RateLimiterLike, options: FromRateLimiterOptions = {}): Limiter {
  const { whenUnavailable = 'refuse' } = options
  const deadlineMs = requireDeadline(options.deadlineMs ?? defaultDeadlineMs)
  if (typeof limiter?.consume !== 'function')
    throw new ConfigurationError('limiter', 'must be a limiter of rate-limiter-flexible')
  requireOneOf('whenUnavailable', whenUnavailable, ['refuse', 'allow'])
  const limit = async (key: string) => {
    try {
      await withinDeadline(limiter.consume(sha256(key)), deadlineMs)
      return 0
    } catch (rejection) {
      const waitMs = waitOf(rejection)
      if (waitMs !== null) return waitMs
      if (whenUnavailable === 'allow') return 0
      // No cause: a client's error may quote what it was asked to write.
      throw new StoreError('unavailable', 'the engine of the limiter failed, or took too long')
    }
  }
  return Object.assign(limit, { passesWhenUnavailable: whenUnavailable === 'allow' })
}

/** The package rejects with no Error where there are no points left. */
function waitOf(rejection: unknown): number | null {
  const { msBeforeNext } = (rejection ?? {}) as { msBeforeNext?: unknown }
  return typeof msBeforeNext === 'number' && !(rejection instanceof Error) ? Math.max(1, msBeforeNext) : null
}
