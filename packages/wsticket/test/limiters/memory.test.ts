import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryLimiter } from '../../src/limiters/memory.ts'
import { at, start } from '../core/fixtures.ts'

const rate = { perSecond: 10, burst: 3 }

describe('a limiter in memory', () => {
  it('gives a burst, then says how long it takes until the next, and gives that', () => {
    const take = createMemoryLimiter(rate)
    expect([1, 2, 3].map(() => take('a', start))).toEqual([0, 0, 0])
    expect(take('a', start)).toBeCloseTo(100)
    expect(take('a', at(start + 40))).toBeCloseTo(60)
    expect(take('a', at(start + 100))).toBe(0)
    expect(take('a', at(start + 100))).toBeCloseTo(100)
    expect([1, 2, 3, 4].map(() => take('a', at(start + 10_000)) === 0)).toEqual([true, true, true, false])
  })

  it.each([
    [7, 5],
    [15, 5],
    [13, 20],
    [600, 10],
  ])(
    'gives no more than the burst at one instant, however often it is asked: %i a second, %i at once',
    (perSecond, burst) => {
      const take = createMemoryLimiter({ perSecond, burst })
      const now = at(1_764_000_000_123)
      expect(Array.from({ length: 10_000 }, () => take('a', now)).filter((waitMs) => waitMs === 0)).toHaveLength(burst)
    },
  )

  it('counts each key for itself', () => {
    const take = createMemoryLimiter({ perSecond: 1, burst: 1 })
    expect([take('a', start), take('b', start), take('', start), take('a', start)]).toEqual([0, 0, 0, 1000])
  })

  it('never gives more than the burst and what time brings, whenever it is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 200 }), (pauses) => {
        const take = createMemoryLimiter(rate)
        let now = 0
        let given = 0
        for (const pause of pauses) {
          now += pause
          if (take('a', at(start + now)) === 0) given += 1
          expect(given).toBeLessThanOrEqual(rate.burst + (now * rate.perSecond) / 1000 + 1e-6)
        }
      }),
    )
  })

  it('forgets one whose bucket is empty where there is no room, else the oldest', () => {
    const take = createMemoryLimiter({ perSecond: 1, burst: 1, maxKeys: 2 })
    for (const key of ['a', 'b']) expect(take(key, start)).toBe(0)
    expect(take('a', at(start + 1000))).toBe(0)
    expect(take('c', at(start + 1000))).toBe(0)
    expect(take('a', at(start + 1000))).toBeGreaterThan(0)
    expect(take('b', at(start + 1000))).toBe(0)
    expect(take('c', at(start + 1000))).toBeGreaterThan(0)
    expect(take('a', at(start + 1000))).toBe(0)
  })

  it('does not keep anybody waiting because the clock was set back', () => {
    const take = createMemoryLimiter(rate)
    expect(take('a', at(start + 3_600_000))).toBe(0)
    expect(take('a', start)).toBe(0)
  })

  it.each([
    ['perSecond', { perSecond: 0, burst: 1 }],
    ['perSecond', { perSecond: Number.NaN, burst: 1 }],
    ['perSecond', { perSecond: '5', burst: 1 }],
    ['burst', { perSecond: 1, burst: 0 }],
    ['burst', { perSecond: 1, burst: 1.5 }],
    ['maxKeys', { perSecond: 1, burst: 1, maxKeys: 0 }],
  ])('takes no %s such as that of %j', (option, options) => {
    expect(() => createMemoryLimiter(options as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    )
  })
})
