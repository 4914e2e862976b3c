import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createEngine, defaultEngineDeadlineMs, type Engine } from '../../src/engine.ts'
import { ConfigurationError, StoreError, type StoreErrorCode } from '../../src/errors.ts'

const deadlineMs = 2000
const pauseMs = 500
const failuresToOpen = 5
const inspection = { engine: 'example 1.0', guarantee: 'At most once.', weaknesses: [] }
const never = () => new Promise<never>(() => {})

/** An engine whose inspections and reconnections are counted; inspections may be exchanged on the way. */
function setUp() {
  const inspect = vi.fn(async () => inspection)
  const reconnect = vi.fn()
  return { inspect, reconnect, engine: createEngine({ name: 'example', deadlineMs, inspect, reconnect }) }
}

/** What a question comes to: its answer, or the code of the StoreError. Anything else that is thrown is thrown. */
async function outcomeOf(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof StoreError) return error.code
    throw error
  }
}

async function fail(engine: Engine, error: unknown, times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1) await outcomeOf(engine.ask(() => Promise.reject(error)))
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('an engine that is asked', () => {
  it('answers, and was inspected once before its first answer', async () => {
    const { engine, inspect } = setUp()
    const answers = await Promise.all([1, 2, 3].map((answer) => engine.ask(async () => answer)))
    expect(answers).toEqual([1, 2, 3])
    expect(await engine.ask(async () => 4)).toBe(4)
    expect(inspect).toHaveBeenCalledTimes(1)
  })

  it('is asked nothing before the inspection is over', async () => {
    const { engine, inspect } = setUp()
    let pass = () => {}
    inspect.mockReturnValueOnce(new Promise((resolve) => (pass = () => resolve(inspection))))
    const question = vi.fn(async () => 'answer')
    const asked = engine.ask(question)
    await vi.advanceTimersByTimeAsync(deadlineMs / 2)
    expect(question).not.toHaveBeenCalled()
    pass()
    expect(await asked).toBe('answer')
  })

  it('leaves no timer behind', async () => {
    const { engine } = setUp()
    await engine.ask(async () => 1)
    await fail(engine, new Error('broken'))
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has less time than a whole decision has', () => {
    expect(defaultEngineDeadlineMs).toBe(2000)
  })
})

describe('a deadline', () => {
  it('ends a question that is not answered in time, and drops the line', async () => {
    const { engine, reconnect } = setUp()
    await engine.ask(async () => 1)
    const asked = outcomeOf(engine.ask(never))
    await vi.advanceTimersByTimeAsync(deadlineMs - 1)
    expect(reconnect).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(await asked).toBe('unavailable')
    expect(reconnect).toHaveBeenCalledTimes(1)
  })

  it('ends an inspection that does not, and the question behind it is never put', async () => {
    const { engine, inspect } = setUp()
    let pass = () => {}
    inspect.mockReturnValueOnce(new Promise((resolve) => (pass = () => resolve(inspection))))
    const question = vi.fn(async () => 'answer')
    const asked = outcomeOf(engine.ask(question))
    await vi.advanceTimersByTimeAsync(deadlineMs)
    expect(await asked).toBe('unavailable')
    pass()
    await vi.advanceTimersByTimeAsync(deadlineMs)
    expect(question).not.toHaveBeenCalled()
    expect(await engine.ask(async () => 1)).toBe(1)
    expect(inspect).toHaveBeenCalledTimes(2)
  })

  it('that a hundred questions miss on one line drops it once', async () => {
    const { engine, reconnect } = setUp()
    await engine.ask(async () => 1)
    const asked = Promise.all(Array.from({ length: 100 }, () => outcomeOf(engine.ask(never))))
    await vi.advanceTimersByTimeAsync(deadlineMs)
    expect(new Set(await asked)).toEqual(new Set(['unavailable']))
    expect(reconnect).toHaveBeenCalledTimes(1)
  })

  it('that is missed on a line dropped before does not drop the new one', async () => {
    const { engine, reconnect } = setUp()
    await engine.ask(async () => 1)
    const early = outcomeOf(engine.ask(never))
    await vi.advanceTimersByTimeAsync(1)
    const late = outcomeOf(engine.ask(never))
    await vi.advanceTimersByTimeAsync(deadlineMs)
    await Promise.all([early, late])
    expect(reconnect).toHaveBeenCalledTimes(1)
    const next = outcomeOf(engine.ask(never))
    await vi.advanceTimersByTimeAsync(deadlineMs)
    await next
    expect(reconnect).toHaveBeenCalledTimes(2)
  })

  it('drops an answer that comes after it', async () => {
    const { engine } = setUp()
    await engine.ask(async () => 1)
    const asked = outcomeOf(engine.ask(() => new Promise((resolve) => setTimeout(resolve, deadlineMs + 1, 'late'))))
    await vi.advanceTimersByTimeAsync(deadlineMs + 2)
    expect(await asked).toBe('unavailable')
  })
})

describe('an engine that fails', () => {
  it('is inspected again before the next question', async () => {
    const { engine, inspect } = setUp()
    await engine.ask(async () => 1)
    await fail(engine, new Error('broken'))
    await engine.ask(async () => 1)
    expect(inspect).toHaveBeenCalledTimes(2)
  })

  it('is not asked any more, and whoever asks hears so at once', async () => {
    const { engine, inspect } = setUp()
    await fail(engine, new Error('broken'), failuresToOpen)
    const inspections = inspect.mock.calls.length
    const question = vi.fn(async () => 1)
    const asked = [engine.ask(question), engine.inspect()].map(outcomeOf)
    expect(await Promise.all(asked)).toEqual(['unavailable', 'unavailable'])
    expect(question).not.toHaveBeenCalled()
    expect(inspect).toHaveBeenCalledTimes(inspections)
  })

  it('is inspected after a pause, behind whoever asks, and asked again when that succeeds', async () => {
    const { engine, inspect } = setUp()
    await fail(engine, new Error('broken'), failuresToOpen)
    const before = inspect.mock.calls.length
    const ask = () => outcomeOf(engine.ask(async () => 'answer'))
    await vi.advanceTimersByTimeAsync(pauseMs - 1)
    expect(await ask()).toBe('unavailable')
    await vi.advanceTimersByTimeAsync(1)
    expect(inspect).toHaveBeenCalledTimes(before + 1)
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['answer', 'answer', 'answer'])
  })

  it('is inspected once at a time while it is silent, and keeps nobody waiting', async () => {
    const { engine, inspect } = setUp()
    await fail(engine, new Error('broken'), failuresToOpen)
    const before = inspect.mock.calls.length
    inspect.mockImplementation(never)
    const question = vi.fn(async () => 1)
    for (let tick = 0; tick < 100; tick += 1) {
      await vi.advanceTimersByTimeAsync(pauseMs / 10)
      expect(await outcomeOf(engine.ask(question))).toBe('unavailable')
    }
    expect(question).not.toHaveBeenCalled()
    expect(inspect).toHaveBeenCalledTimes(before + 1)
  })

  it('on a line that was dropped for another question is not counted for those that were lost with it', async () => {
    const { engine, reconnect } = setUp()
    await engine.ask(async () => 1)
    const losing: (() => void)[] = []
    const others = Array.from({ length: 20 }, () =>
      outcomeOf(engine.ask(() => new Promise((_, reject) => losing.push(() => reject(new Error('line dropped')))))),
    )
    reconnect.mockImplementation(() => {
      for (const lose of losing) lose()
    })
    expect(await outcomeOf(engine.ask(() => Promise.reject(new StoreError('corrupt', 'of another'))))).toBe('corrupt')
    expect(new Set(await Promise.all(others))).toEqual(new Set(['unavailable']))
    expect(await engine.ask(async () => 2)).toBe(2)
  })

  it('tells whoever has sent nothing yet when nobody waits any more', async () => {
    const { engine } = setUp()
    await engine.ask(async () => 1)
    const seen: boolean[] = []
    const asked = outcomeOf(
      engine.ask(async (asking) => {
        seen.push(asking.over)
        await new Promise((resolve) => setTimeout(resolve, deadlineMs + 1))
        seen.push(asking.over)
      }),
    )
    await vi.advanceTimersByTimeAsync(deadlineMs + 1)
    await asked
    expect(seen).toEqual([false, true])
  })

  it.each<StoreErrorCode>(['conflict', 'capacity', 'malformed'])(
    'has not failed with %s: that is an answer',
    async (code) => {
      const { engine, inspect, reconnect } = setUp()
      await fail(engine, new StoreError(code, 'an answer'), 100)
      await fail(engine, new Error('broken'), failuresToOpen - 1)
      await fail(engine, new StoreError(code, 'an answer'))
      await fail(engine, new Error('broken'), failuresToOpen - 1)
      expect(await engine.ask(async () => 1)).toBe(1)
      expect(reconnect).not.toHaveBeenCalled()
      expect(inspect.mock.calls.length).toBeGreaterThan(1)
    },
  )

  it('with an answer that is of somebody else may have mixed up more: the line is dropped', async () => {
    const { engine, reconnect } = setUp()
    expect(await outcomeOf(engine.ask(() => Promise.reject(new StoreError('corrupt', 'of another'))))).toBe('corrupt')
    expect(reconnect).toHaveBeenCalledTimes(1)
  })

  it('while the question is put is as unavailable as one that fails later', async () => {
    const { engine } = setUp()
    const asked = engine.ask(() => {
      throw new TypeError('no such method')
    })
    expect(await outcomeOf(asked)).toBe('unavailable')
  })
})

describe('an engine that is of no use', () => {
  it('is asked nothing, and says why', async () => {
    const { engine, inspect } = setUp()
    inspect.mockRejectedValue(new ConfigurationError('client', 'evicts tickets'))
    const question = vi.fn(async () => 1)
    await expect(engine.ask(question)).rejects.toThrow('client evicts tickets')
    expect(await outcomeOf(engine.ask(question))).toBe('unavailable')
    expect(question).not.toHaveBeenCalled()
  })

  it('is asked again once it has been mended', async () => {
    const { engine, inspect } = setUp()
    inspect.mockRejectedValue(new ConfigurationError('client', 'evicts tickets'))
    for (let time = 0; time < 10; time += 1) await outcomeOf(engine.ask(async () => 1))
    inspect.mockResolvedValue(inspection)
    await vi.advanceTimersByTimeAsync(pauseMs)
    expect(await engine.ask(async () => 1)).toBe(1)
  })

  it('says so to whoever inspects it, as what it is', async () => {
    const { engine, inspect } = setUp()
    inspect.mockRejectedValue(new ConfigurationError('client', 'evicts tickets'))
    await expect(engine.inspect()).rejects.toThrow(ConfigurationError)
  })
})

describe('an inspection', () => {
  it('is made again after a minute, behind the question that comes then', async () => {
    const { engine, inspect } = setUp()
    await engine.ask(async () => 1)
    vi.advanceTimersByTime(60_001)
    inspect.mockImplementation(never)
    expect(await Promise.all([engine.ask(async () => 2), engine.ask(async () => 3)])).toEqual([2, 3])
    expect(inspect).toHaveBeenCalledTimes(2)
  })

  it('that finds the engine of no use after a minute is the end of questions', async () => {
    const { engine, inspect } = setUp()
    await engine.ask(async () => 1)
    vi.advanceTimersByTime(60_001)
    inspect.mockRejectedValue(new ConfigurationError('client', 'evicts tickets'))
    await engine.ask(async () => 2)
    expect(await outcomeOf(engine.ask(async () => 3))).toBe('unavailable')
  })

  it('holds up no question where the engine is known already', async () => {
    const { engine, inspect } = setUp()
    await engine.inspect()
    inspect.mockReturnValueOnce(never())
    void outcomeOf(engine.inspect())
    expect(await engine.ask(async () => 'answer')).toBe('answer')
  })

  it('looks anew every time', async () => {
    const { engine, inspect } = setUp()
    expect(await engine.inspect()).toEqual(inspection)
    inspect.mockResolvedValue({ ...inspection, engine: 'example 2.0' })
    expect((await engine.inspect()).engine).toBe('example 2.0')
  })

  it('has the deadline of a question', async () => {
    const { engine, inspect } = setUp()
    inspect.mockImplementation(never)
    const asked = outcomeOf(engine.inspect())
    await vi.advanceTimersByTimeAsync(deadlineMs)
    expect(await asked).toBe('unavailable')
  })
})

describe('an engine that was closed', () => {
  it('is asked nothing', async () => {
    const { engine, inspect } = setUp()
    engine.close()
    const question = vi.fn(async () => 1)
    expect(await Promise.all([engine.ask(question), engine.inspect()].map(outcomeOf))).toEqual(['closed', 'closed'])
    expect(question).not.toHaveBeenCalled()
    expect(inspect).not.toHaveBeenCalled()
  })

  it('is not asked what waited for its inspection', async () => {
    const { engine } = setUp()
    const question = vi.fn(async () => 1)
    const asked = outcomeOf(engine.ask(question))
    engine.close()
    expect(await asked).toBe('closed')
    expect(question).not.toHaveBeenCalled()
  })
})
