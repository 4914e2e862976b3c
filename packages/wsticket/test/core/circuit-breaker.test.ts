import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCircuitBreaker } from '../../src/circuit-breaker.ts'

const failuresToOpen = 3
const pauseMs = 500

function setUp() {
  const tryAgain = vi.fn(async (): Promise<void> => {})
  const breaker = createCircuitBreaker({ failuresToOpen, pauseMs, tryAgain })
  const open = () => {
    for (let failure = 0; failure < failuresToOpen; failure += 1) breaker.failed()
  }
  return { breaker, tryAgain, open }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a circuit breaker', () => {
  it('opens when so many failures came in a row', () => {
    const { breaker } = setUp()
    for (let failure = 0; failure < failuresToOpen; failure += 1) {
      expect(breaker.isOpen).toBe(false)
      breaker.failed()
    }
    expect(breaker.isOpen).toBe(true)
  })

  it('begins to count anew after a success', () => {
    const { breaker } = setUp()
    for (let round = 0; round < 10; round += 1) {
      breaker.failed()
      breaker.failed()
      breaker.succeeded()
    }
    expect(breaker.isOpen).toBe(false)
  })

  it('tries again by itself after every pause, and stays open while that fails', async () => {
    const { breaker, tryAgain, open } = setUp()
    tryAgain.mockRejectedValue(new Error('still down'))
    open()
    for (let trial = 1; trial <= 3; trial += 1) {
      await vi.advanceTimersByTimeAsync(pauseMs - 1)
      expect(tryAgain).toHaveBeenCalledTimes(trial - 1)
      await vi.advanceTimersByTimeAsync(1)
      expect(tryAgain).toHaveBeenCalledTimes(trial)
      expect(breaker.isOpen).toBe(true)
    }
  })

  it('closes with a trial that succeeds, tries no more, and begins to count anew', async () => {
    const { breaker, tryAgain, open } = setUp()
    open()
    await vi.advanceTimersByTimeAsync(pauseMs)
    expect(breaker.isOpen).toBe(false)
    await vi.advanceTimersByTimeAsync(10 * pauseMs)
    expect(tryAgain).toHaveBeenCalledTimes(1)
    breaker.failed()
    expect(breaker.isOpen).toBe(false)
  })

  it('waits for a trial, however long it takes, before the next', async () => {
    const { breaker, tryAgain, open } = setUp()
    tryAgain.mockReturnValue(new Promise(() => {}))
    open()
    await vi.advanceTimersByTimeAsync(10 * pauseMs)
    expect(tryAgain).toHaveBeenCalledTimes(1)
    expect(breaker.isOpen).toBe(true)
  })

  it('has one row of trials, however many failures come late', async () => {
    const { breaker, tryAgain, open } = setUp()
    open()
    for (let late = 0; late < 10; late += 1) breaker.failed()
    await vi.advanceTimersByTimeAsync(pauseMs)
    expect(tryAgain).toHaveBeenCalledTimes(1)
  })

  it('tries no more when it is stopped, also where a trial is under way', async () => {
    const { breaker, tryAgain, open } = setUp()
    let fail = () => {}
    tryAgain.mockReturnValue(new Promise((_, reject) => (fail = () => reject(new Error('down')))))
    open()
    await vi.advanceTimersByTimeAsync(pauseMs)
    breaker.stop()
    fail()
    await vi.advanceTimersByTimeAsync(10 * pauseMs)
    expect(tryAgain).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
