import { describe, expect, it } from 'vitest'
import { type ReconnectDelayOptions, reconnectDelayMs } from '../../src/client/index.ts'

const samples = 2000

function delays(options: ReconnectDelayOptions): number[] {
  return Array.from({ length: samples }, () => reconnectDelayMs(options)).sort((one, other) => one - other)
}

describe('the delay before a client comes back', () => {
  it.each([
    [0, 5000],
    [1, 10_000],
    [2, 20_000],
    [3, 40_000],
    [4, 60_000],
    [2000, 60_000],
  ])('is anything from 0 on behind %i failed attempts, and at most %i ms', (attempt, mostMs) => {
    expect(reconnectDelayMs({ attempt, random: () => 0 })).toBe(0)
    expect(reconnectDelayMs({ attempt, random: () => 0.5 })).toBe(mostMs / 2)
    expect(reconnectDelayMs({ attempt, random: () => 1 - Number.EPSILON })).toBe(mostMs)
  })

  it('is spread evenly over the first five seconds, unless told otherwise', () => {
    const sorted = delays({})
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const difference = Math.abs((sorted[part * samples] as number) - part * 5000)
      // Ten standard deviations of the median.
      expect(difference).toBeLessThan(560)
    }
    expect(sorted.at(-1)).toBeLessThanOrEqual(5000)
  })

  it('comes on top of what the server asked for, so that those who were told the same do not come together', () => {
    const sorted = delays({ retryAfterMs: 30_000 })
    expect(sorted[0]).toBeGreaterThanOrEqual(30_000)
    expect((sorted.at(-1) as number) - (sorted[0] as number)).toBeGreaterThan(4000)
    expect(reconnectDelayMs({ attempt: 1, retryAfterMs: 7000, random: () => 0.5 })).toBe(12_000)
  })

  it('is as ever where the server asked for nothing', () => {
    expect(reconnectDelayMs({ retryAfterMs: null, random: () => 0.5 })).toBe(2500)
  })

  it('is never more than a timer takes', () => {
    expect(reconnectDelayMs({ retryAfterMs: 999_999_999_000 })).toBe(2_147_483_647)
  })

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('an attempt is not %d', (attempt) => {
    expect(() => reconnectDelayMs({ attempt })).toThrow('attempt is a whole number from 0 on.')
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a server does not ask for %d ms', (retryAfterMs) => {
    expect(() => reconnectDelayMs({ retryAfterMs })).toThrow('retryAfterMs is a number of milliseconds, or null.')
  })
})
