/**
 * The limits of both sides, and what they are unless told otherwise.
 * @module
 */
import { networkOf } from './checks/client-address.ts'
import type { EpochMs } from './clock.ts'
import { ConfigurationError } from './errors.ts'
import type { Limiter } from './limiter.ts'
import { createMemoryLimiter, type Rate } from './limiters/memory.ts'

/** Limits that are looked at before anything costs: no signature is verified yet, and no store is asked. */
export interface RateLimits {
  /** All requests together. Default 5,000 a second, 10,000 at once. */
  readonly everybody?: Limiter | 'unlimited'
  /** Those of one address; of IPv6 those of one /64. Addresses that cannot be told are one. Default 100 a second, 1,000 at once. */
  readonly perAddress?: Limiter | 'unlimited'
}

/** Limits on tickets. Each counts in this process unless it is a limiter that several share. */
export interface IssueLimits extends RateLimits {
  /** Those of one subject, once its credential is verified, and before anything is stored. Default 10 a second, 50 at once. */
  readonly perSubject?: Limiter | 'unlimited'
}

/** What holds unless told otherwise. Generous, for a whole office may be behind one address. */
const defaultRates: { readonly [limit in keyof IssueLimits]-?: Rate } = {
  everybody: { perSecond: 5000, burst: 10_000 },
  perAddress: { perSecond: 100, burst: 1000 },
  perSubject: { perSecond: 10, burst: 50 },
}

/** Why a request has to wait. */
export type LimitCode = 'rate_limited' | 'address_rate_limited'

/** A request that has to wait, and for how long. */
export interface Limited<Code extends string> {
  readonly code: Code
  readonly retryAfterMs: number
}

/** Looks at both limits; null where the request may go on. Rejects where a limiter cannot tell. */
export type Gate = (clientAddress: string | null, now: EpochMs) => Promise<Limited<LimitCode> | null>

/**
 * The gate that everybody has to pass. The limit of the address comes first: who is over it takes nothing from the others.
 * @throws ConfigurationError for a limit that is none.
 */
export function createGate({ everybody, perAddress }: RateLimits): Gate {
  const takeOfAddress = readLimit('perAddress', perAddress)
  const takeOfAll = readLimit('everybody', everybody)
  return async (clientAddress, now) => {
    const addressMs = await takeOfAddress(networkOf(clientAddress), now)
    if (addressMs > 0) return { code: 'address_rate_limited', retryAfterMs: addressMs }
    const allMs = await takeOfAll('', now)
    return allMs > 0 ? { code: 'rate_limited', retryAfterMs: allMs } : null
  }
}

/** One limit, checked: takes what it says, and throws where that is no time to wait. */
export type Take = (key: string, now: EpochMs) => Promise<number>

/**
 * The limiter that an option names, or one in memory.
 * @throws ConfigurationError for something that is no limiter.
 */
export function readLimit(option: keyof IssueLimits, limit: Limiter | 'unlimited' = memoryLimiter(option)): Take {
  if (limit === 'unlimited') return async () => 0
  if (typeof limit !== 'function') throw new ConfigurationError(`limits.${option}`, 'must be a limiter or unlimited')
  return async (key, now) => {
    const waitMs = await limit(key, now)
    if (Number.isFinite(waitMs) && waitMs >= 0) return waitMs
    throw new ConfigurationError(`limits.${option}`, 'must return how long to wait, in milliseconds')
  }
}

function memoryLimiter(option: keyof IssueLimits): Limiter {
  return createMemoryLimiter(defaultRates[option])
}
