import { describe, expect, it, vi } from 'vitest'
import { createMemoryStore } from 'wsticket/stores/memory'
import { createReadiness } from '../src/server/readiness.ts'

/** A store that counts how often it is looked at. */
function countLooks() {
  const store = createMemoryStore()
  const counted = { looks: 0, close: () => store.close() }
  const inspect = () => {
    counted.looks += 1
    return store.inspect()
  }
  return { counted, isReady: createReadiness([inspect]) }
}

describe('readiness', () => {
  it('is gone at once when the gateway is about to stop, however good the store is', async () => {
    const stopping = new AbortController()
    const isReady = createReadiness([async () => {}], stopping.signal)
    expect(await isReady()).toBe(true)
    stopping.abort()
    expect(await isReady()).toBe(false)
  })

  it('looks at the store once a second, however many ask', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { counted, isReady } = countLooks()
    expect(await Promise.all(Array.from({ length: 50 }, isReady))).toEqual(Array.from({ length: 50 }, () => true))
    vi.advanceTimersByTime(999)
    expect([await isReady(), counted.looks]).toEqual([true, 1])
    vi.advanceTimersByTime(1)
    expect([await isReady(), counted.looks]).toEqual([true, 2])
    vi.useRealTimers()
  })

  it('is gone when one of several is', async () => {
    const away = async () => Promise.reject(new Error('away'))
    expect(await createReadiness([async () => {}, away])()).toBe(false)
  })

  it('is gone when the store is, and not before it is looked at again', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { counted, isReady } = countLooks()
    await isReady()
    await counted.close()
    expect(await isReady()).toBe(true)
    vi.advanceTimersByTime(1000)
    expect(await isReady()).toBe(false)
    vi.useRealTimers()
  })
})
