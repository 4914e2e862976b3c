/**
 * The limits of both sides, and what they are unless told otherwise.
 * @module
 */
import { networkOf } from './checks/client-address.ts'
import type { EpochMs } from './clock.ts'
import { ConfigurationError } from './errors.ts'
import type { EventSink } from './events.ts'
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
  /**
   * What one subject ends, voids and renews, beside the others: each is an entry in the session log, which is kept for a day. Default 1 a
   * second, 100 at once.
   */
  readonly changesPerSubject?: Limiter | 'unlimited'
}

/** What holds unless told otherwise. Generous, for a whole office may be behind one address. */
const defaultRates: { readonly [limit in keyof IssueLimits]-?: Rate } = {
  everybody: { perSecond: 5000, burst: 10_000 },
  perAddress: { perSecond: 100, burst: 1000 },
  perSubject: { perSecond: 10, burst: 50 },
  changesPerSubject: { perSecond: 1, burst: 100 },
}

/** What nothing bounds where a limit is switched off. */
const boundless: { readonly [limit in keyof IssueLimits]-?: string } = {
  everybody: 'nothing bounds how much all clients together have this process do',
  perAddress: 'nothing bounds how much one address has this process do',
  perSubject: 'nothing bounds how often one subject asks for tickets',
  changesPerSubject: 'nothing bounds what one subject writes to the session log',
}

/** Tells of each limit that is switched off, or is while its engine is away. */
export function announceUnlimited(limits: IssueLimits, at: EpochMs, emit: EventSink): void {
  const announce = (setting: string, consequence: string) =>
    emit({ type: 'dangerous_setting', at, setting: `limits.${setting}`, consequence })
  for (const [name, consequence] of Object.entries(boundless)) {
    const limit = limits[name as keyof IssueLimits]
    if (limit === 'unlimited') announce(`${name}: unlimited`, consequence)
    else if (limit?.passesWhenUnavailable)
      announce(`${name}: passes when unavailable`, `while its engine is away, ${consequence}`)
  }
}

/** Why a request has to wait. */
export type LimitCode = 'rate_limited' | 'address_rate_limited'

/** A request that has to wait, and for how long. */
export interface Limited<Code extends string> {
  readonly code: Code
  readonly retryAfterMs: number
}

/** What is known at once, or later where somebody elsewhere is asked: whoever waits for nothing pays for no promise. */
export type Soon<Value> = Value | Promise<Value>

/** Looks at both limits; null where the request may go on. Throws, or rejects, where a limiter cannot tell. */
export type Gate = (clientAddress: string | null, now: EpochMs) => Soon<Limited<LimitCode> | null>

/**
 * The gate that everybody has to pass. The limit of the address comes first: who is over it takes nothing from the others.
 * @throws ConfigurationError for a limit that is none.
 */
export function createGate({ everybody, perAddress }: RateLimits): Gate {
  const takeOfAddress = readLimit('perAddress', perAddress)
  const takeOfAll = readLimit('everybody', everybody)
  const passAll = (now: EpochMs) => then(takeOfAll('', now), (waitMs) => limitedFor(waitMs, 'rate_limited'))
  return (clientAddress, now) =>
    then(
      takeOfAddress(networkOf(clientAddress), now),
      (waitMs) => limitedFor(waitMs, 'address_rate_limited') ?? passAll(now),
    )
}

function limitedFor(retryAfterMs: number, code: LimitCode): Limited<LimitCode> | null {
  return retryAfterMs > 0 ? { code, retryAfterMs } : null
}

function then<Result>(waitMs: Soon<number>, next: (waitMs: number) => Soon<Result>): Soon<Result> {
  return typeof waitMs === 'number' ? next(waitMs) : waitMs.then(next)
}

/**
 * The limiter that an option names, or one in memory. Throws, or rejects, where it says something that is no time to wait.
 * @throws ConfigurationError for something that is no limiter.
 */
export function readLimit(option: keyof IssueLimits, limit: Limiter | 'unlimited' = memoryLimiter(option)): Limiter {
  if (limit === 'unlimited') return () => 0
  if (typeof limit !== 'function') throw new ConfigurationError(`limits.${option}`, 'must be a limiter or unlimited')
  const requireWait = (waitMs: number) => {
    if (Number.isFinite(waitMs) && waitMs >= 0) return waitMs
    throw new ConfigurationError(`limits.${option}`, 'must return how long to wait, in milliseconds')
  }
  return (key, now) => then(limit(key, now), requireWait)
}

function memoryLimiter(option: keyof IssueLimits): Limiter {
  return createMemoryLimiter(defaultRates[option])
}
