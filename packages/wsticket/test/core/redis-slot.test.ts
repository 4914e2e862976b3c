import { describe, expect, it } from 'vitest'
import { slotOf } from '../../src/redis-slot.ts'

describe('slotOf', () => {
  it('is the CRC-16 of the specification', () => {
    expect(slotOf('123456789')).toBe(0x31c3)
    expect(slotOf('')).toBe(0)
  })

  it.each([
    ['{user1000}.following', 'user1000'],
    ['foo{{bar}}zap', '{bar'],
    ['foo{bar}{zap}', 'bar'],
  ])('of %s is that of %s', (key, tag) => {
    expect(slotOf(key)).toBe(slotOf(tag))
  })

  it('is that of the whole key where the first braces are empty, or one of them is missing', () => {
    expect(slotOf('foo{}{bar}')).toBe(8363)
    expect(new Set(['foo{}{bar}', 'foo{bar', 'foo}bar{', 'bar'].map(slotOf)).size).toBe(4)
  })
})
