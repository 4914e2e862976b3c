/**
 * When sessions end: one timer for all of them, however many there are.
 * @module
 */
import type { Clock, EpochMs } from './clock.ts'

/** Something that ends at a time, which may move while it waits. */
export interface Ending {
  /** Null for never. */
  readonly endsAt: EpochMs | null
}

/** Watches deadlines. */
export interface SessionDeadlines<Item extends Ending> {
  /** From now on, or anew: its deadline has moved. */
  watch(item: Item): void
  forget(item: Item): void
}

// Short: those who end together come back together, and wait for each other.
const lookMs = 100
const secondMs = 1000

/**
 * Calls `end`, which must not throw, within a tenth of a second after the deadline of each item, by the clock, wherever that is set to
 * meanwhile. The timer keeps no process alive.
 */
export function createSessionDeadlines<Item extends Ending>(
  clock: Clock,
  end: (item: Item) => void,
): SessionDeadlines<Item> {
  const items = createSeconds<Item>()
  let timer: ReturnType<typeof setInterval> | null = null

  function look(): void {
    const now = clock()
    for (const item of items.upTo(secondOf(now))) {
      if (item.endsAt === null || item.endsAt > now) continue
      forget(item)
      end(item)
    }
  }

  function forget(item: Item): void {
    items.remove(item)
    if (timer === null || items.count > 0) return
    clearInterval(timer)
    timer = null
  }

  return {
    watch(item) {
      items.remove(item)
      if (item.endsAt === null) return forget(item)
      items.put(item, secondOf(item.endsAt))
      timer ??= startTimer(look)
    },
    forget,
  }
}

/** Items by the second in which each ends. */
interface Seconds<Item> {
  readonly count: number
  put(item: Item, second: number): void
  remove(item: Item): void
  /** Costs as much as seconds have passed since the last time, however many items there are later on. */
  upTo(second: number): readonly Item[]
}

function createSeconds<Item>(): Seconds<Item> {
  const bySecond = new Map<number, Set<Item>>()
  const secondByItem = new Map<Item, number>()
  // No item is in an earlier one.
  let earliest = Number.POSITIVE_INFINITY

  function secondsUpTo(latest: number): readonly number[] {
    if (latest < earliest) return []
    // Behind a clock that was set forward far there are more seconds than items.
    if (latest - earliest >= bySecond.size) return Array.from(bySecond.keys()).filter((second) => second <= latest)
    return Array.from({ length: latest - earliest + 1 }, (_, at) => earliest + at)
  }

  return {
    get count() {
      return secondByItem.size
    },
    put(item, second) {
      const others = bySecond.get(second)
      if (others === undefined) bySecond.set(second, new Set([item]))
      else others.add(item)
      secondByItem.set(item, second)
      if (second < earliest) earliest = second
    },
    remove(item) {
      const second = secondByItem.get(item)
      if (second === undefined) return
      secondByItem.delete(item)
      const others = bySecond.get(second)
      others?.delete(item)
      if (others?.size === 0) bySecond.delete(second)
    },
    upTo(latest) {
      const items = secondsUpTo(latest).flatMap((second) => Array.from(bySecond.get(second) ?? []))
      if (latest > earliest) earliest = latest
      return items
    },
  }
}

function secondOf(instant: EpochMs): number {
  return Math.floor(instant / secondMs)
}

function startTimer(look: () => void): ReturnType<typeof setInterval> {
  const timer = setInterval(look, lookMs)
  // Where the runtime has timers that keep a process alive.
  ;(timer as { unref?(): unknown }).unref?.()
  return timer
}
