import { describe, expect, it } from 'vitest'
import type { Attempt } from '../../src/check.ts'
import { createLockCheck } from '../../src/checks/lock.ts'
import { type Key, type Lock, lockOfKey } from '../../src/lock.ts'
import { handshake, keyOf, recordOf, ticketOf } from '../core/fixtures.ts'

const key = keyOf(1)
const lock = lockOfKey(key)

function attemptWith(shown: Key | null): Attempt {
  return { handshake: handshake(), carrier: 'subprotocol', key: shown, clientAddress: null }
}

describe('the lock check', () => {
  it.each([
    ['a locked ticket with its key', lock, key, null, null],
    ['a locked ticket without a key', lock, null, 'lock_mismatch', 'lock_mismatch'],
    ['a locked ticket with the key of another', lock, keyOf(2), 'lock_mismatch', 'lock_mismatch'],
    ['a ticket without a lock, and no key', null, null, null, 'lock_mismatch'],
    ['a ticket without a lock, and a key', null, key, 'lock_mismatch', 'lock_mismatch'],
  ] as const)('judges %s', (_, kept, shown, optional, required) => {
    const record = recordOf(ticketOf(1), { lock: kept })
    expect(createLockCheck('optional')(record, attemptWith(shown))).toBe(optional)
    expect(createLockCheck('required')(record, attemptWith(shown))).toBe(required)
  })

  it('refuses a lock that differs from that of the key in any one character', () => {
    const check = createLockCheck('optional')
    for (let at = 0; at < lock.length; at++) {
      const other = `${lock.slice(0, at)}${lock.charAt(at) === 'A' ? 'B' : 'A'}${lock.slice(at + 1)}` as Lock
      expect(check(recordOf(ticketOf(1), { lock: other }), attemptWith(key))).toBe('lock_mismatch')
    }
  })

  it.each([
    ['of nothing', ''],
    ['that begins like it', lock.slice(0, -1)],
    ['that goes on', `${lock}A`],
  ])('refuses a lock %s, as a store may have garbled it', (_, kept) => {
    const record = recordOf(ticketOf(1), { lock: kept as Lock })
    expect(createLockCheck('optional')(record, attemptWith(key))).toBe('lock_mismatch')
  })
})
