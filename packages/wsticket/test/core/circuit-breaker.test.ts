import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CircuitBreaker, createCircuitBreaker } from '../../src/circuit-breaker.ts'

const failuresToOpen = 3
const pauseMs = 500

function createOpenBreaker(): CircuitBreaker {
  const breaker = createCircuitBreaker({ failuresToOpen, pauseMs })
  for (let failure = 0; failure < failuresToOpen; failure += 1) breaker.failed()
  return breaker
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a circuit breaker', () => {
  it('allows everything until so many failures came in a row', () => {
    const breaker = createCircuitBreaker({ failuresToOpen, pauseMs })
    for (let failure = 0; failure < failuresToOpen; failure += 1) {
      expect(breaker.allows()).toBe(true)
      breaker.failed()
    }
    expect(breaker.allows()).toBe(false)
  })

  it('begins to count anew after a success', () => {
    const breaker = createCircuitBreaker({ failuresToOpen, pauseMs })
    for (let round = 0; round < 10; round += 1) {
      breaker.failed()
      breaker.failed()
      breaker.succeeded()
    }
    expect(breaker.allows()).toBe(true)
  })

  it('allows one trial after a pause, and the next after another', () => {
    const breaker = createOpenBreaker()
    vi.advanceTimersByTime(pauseMs - 1)
    expect(breaker.allows()).toBe(false)
    for (let pause = 0; pause < 3; pause += 1) {
      vi.advanceTimersByTime(pause === 0 ? 1 : pauseMs)
      expect(breaker.allows()).toBe(true)
      expect(breaker.allows()).toBe(false)
      breaker.failed()
    }
  })

  it('allows a trial after the next pause, also where nobody says how the last one ended', () => {
    const breaker = createOpenBreaker()
    vi.advanceTimersByTime(pauseMs)
    expect(breaker.allows()).toBe(true)
    vi.advanceTimersByTime(pauseMs)
    expect(breaker.allows()).toBe(true)
  })

  it('pauses no longer for failures that come late', () => {
    const breaker = createOpenBreaker()
    vi.advanceTimersByTime(pauseMs - 1)
    for (let failure = 0; failure < 100; failure += 1) breaker.failed()
    vi.advanceTimersByTime(1)
    expect(breaker.allows()).toBe(true)
  })

  it('allows everything after a trial that succeeded', () => {
    const breaker = createOpenBreaker()
    vi.advanceTimersByTime(pauseMs)
    expect(breaker.allows()).toBe(true)
    breaker.succeeded()
    for (let question = 0; question < 10; question += 1) expect(breaker.allows()).toBe(true)
  })
})
