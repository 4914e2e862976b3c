import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EpochMs } from '../../src/clock.ts'
import { createSessionDeadlines, type Ending } from '../../src/session-deadlines.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import { at, start } from './fixtures.ts'

interface Item extends Ending {
  readonly name: string
  endsAt: EpochMs | null
}

const hourMs = 3_600_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Items that are watched, each with its end in milliseconds from the start; and a clock. */
function setUp(endings: { readonly [name: string]: number | null } = {}) {
  const clock = createMovableClock(start)
  const ended: string[] = []
  const deadlines = createSessionDeadlines<Item>(clock.now, ({ name }) => void ended.push(name))
  function watch(name: string, inMs: number | null): Item {
    const item = { name, endsAt: inMs === null ? null : at(start + inMs) }
    deadlines.watch(item)
    return item
  }
  for (const [name, inMs] of Object.entries(endings)) watch(name, inMs)
  /** One look, so much later by the clock. */
  function look(laterMs: number): readonly string[] {
    clock.advance(laterMs)
    vi.advanceTimersByTime(100)
    return ended.splice(0)
  }
  return { deadlines, watch, look }
}

describe('a deadline', () => {
  it('is noticed at the look behind it, also in a second that was looked at before it was over', () => {
    const { look } = setUp({ first: 300, last: 900, never: null })
    expect(look(500)).toEqual(['first'])
    expect(look(399)).toEqual([])
    expect(look(1)).toEqual(['last'])
    expect(look(hourMs)).toEqual([])
  })

  it('is noticed within a tenth of a second, so that not all of a second end together', () => {
    const endings = Object.fromEntries(Array.from({ length: 10 }, (_, nth) => [nth, 100 * nth + 50]))
    const { look } = setUp(endings)
    for (let nth = 0; nth < 10; nth += 1) expect(look(100)).toEqual([String(nth)])
  })

  it('is noticed once, in its second, whichever seconds others have', () => {
    const { look } = setUp({ b: 2000, a: 1000, d: 61_000, c: 2500 })
    expect([look(1000), look(1000), look(1000), look(1000)]).toEqual([['a'], ['b'], ['c'], []])
    for (let passed = 5; passed <= 60; passed += 1) expect(look(1000)).toEqual([])
    expect(look(1000)).toEqual(['d'])
  })

  it.each([
    ['by some seconds, which are fewer than the items', 5000],
    ['by hours, which have more seconds than there are items', 5 * hourMs],
  ])('is noticed where the clock was set forward %s', (_, jumpMs) => {
    const endings = Object.fromEntries(Array.from({ length: 20 }, (_item, nth) => [nth, 1000 * nth + 500]))
    const { look } = setUp(endings)
    expect(look(1000)).toEqual(['0'])
    const due = look(jumpMs).length
    expect(due).toBe(Math.min(19, jumpMs / 1000))
    let others = 0
    for (let looks = 0; looks < 20; looks += 1) others += look(1000).length
    expect(due + others).toBe(19)
  })

  it('is noticed at its time by the clock where that was set back', () => {
    const { look, watch } = setUp({ later: 10_000 })
    expect(look(9000)).toEqual([])
    expect(look(-hourMs)).toEqual([])
    watch('early', 9000 - hourMs + 2000)
    expect([look(1000), look(1000), look(1000)]).toEqual([[], ['early'], []])
    expect(look(hourMs - 3000)).toEqual([])
    expect(look(1000)).toEqual(['later'])
  })

  it('is noticed at the next look where it is over already, however long', () => {
    const { look, watch } = setUp({ other: 2 * hourMs })
    expect(look(hourMs)).toEqual([])
    watch('second', hourMs - 1000)
    watch('hour', 0)
    watch('ever', Number.NEGATIVE_INFINITY)
    expect([...look(1000)].sort()).toEqual(['ever', 'hour', 'second'])
    expect(look(hourMs)).toEqual(['other'])
  })

  it('counts from where it was moved to, earlier or later, and not at all once it is forgotten', () => {
    const { deadlines, look, watch } = setUp()
    const [earlier, later, gone] = [watch('earlier', 9000), watch('later', 2000), watch('gone', 2000)]
    expect(look(1000)).toEqual([])
    earlier.endsAt = at(start + 1500)
    later.endsAt = at(start + 9000)
    for (const item of [earlier, later]) deadlines.watch(item)
    deadlines.forget(gone)
    expect(look(1000)).toEqual(['earlier'])
    later.endsAt = null
    deadlines.watch(later)
    expect(look(hourMs)).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('that is no time harms no other', () => {
    const { look, watch } = setUp({ other: 1000 })
    watch('none', Number.NaN)
    watch('never', Number.POSITIVE_INFINITY)
    expect(look(1000)).toEqual(['other'])
  })
})
