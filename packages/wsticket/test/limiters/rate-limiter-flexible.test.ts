import { RateLimiterMemory } from 'rate-limiter-flexible'
import { describe, expect, it } from 'vitest'
import { fromRateLimiter, type RateLimiterLike } from '../../src/limiters/rate-limiter-flexible.ts'
import { start } from '../core/fixtures.ts'

const broken: RateLimiterLike = { consume: async () => Promise.reject(new Error('secret host')) }
const silent: RateLimiterLike = { consume: () => new Promise(() => {}) }

describe('a limiter of rate-limiter-flexible', () => {
  it('gives its points, then says how long it takes until there are more', async () => {
    const take = fromRateLimiter(new RateLimiterMemory({ points: 2, duration: 60 }))
    expect([await take('a', start), await take('a', start), await take('b', start)]).toEqual([0, 0, 0])
    const waitMs = await take('a', start)
    expect(waitMs).toBeGreaterThan(30_000)
    expect(waitMs).toBeLessThanOrEqual(60_000)
  })

  it('tells the engine the digest of a key only, however long it is', async () => {
    const keys: string[] = []
    await fromRateLimiter({ consume: async (key) => void keys.push(key) })('https://id.example#alice', start)
    expect(keys).toEqual([expect.stringMatching(/^[\w-]{43}$/)])
  })

  it.each([
    ['fails', broken],
    ['does not answer', silent],
  ])('refuses where the engine %s, or allows where it was told to', async (_, limiter) => {
    const refusing = fromRateLimiter(limiter, { deadlineMs: 20 })('a', start)
    await expect(refusing).rejects.toMatchObject({ code: 'unavailable' })
    await expect(refusing).rejects.not.toThrow(/secret/)
    expect(await fromRateLimiter(limiter, { deadlineMs: 20, whenUnavailable: 'allow' })('a', start)).toBe(0)
  })

  it.each([
    ['limiter', null, {}],
    ['limiter', {}, {}],
    ['whenUnavailable', broken, { whenUnavailable: 'maybe' }],
    ['deadlineMs', broken, { deadlineMs: 0 }],
  ])('takes no %s such as %j', (option, limiter, options) => {
    expect(() => fromRateLimiter(limiter as never, options as never)).toThrow(expect.objectContaining({ option }))
  })
})
