/**
 * Lock: a locked ticket opens nothing without its key, and a key opens no ticket that it was not made for.
 * @module
 */
import type { TicketCheck } from '../check.ts'
import { type LockPolicy, lockOfKey } from '../lock.ts'

/**
 * Refuses a locked ticket that comes without its key, or with another. A key beside a ticket without a lock is refused, too:
 * its owner asked for a lock, and somewhere on the way it was lost. Under the policy `required`, so is every ticket without one.
 */
export function createLockCheck(policy: LockPolicy): TicketCheck {
  return ({ lock }, { key }) => {
    if (lock === null) return key === null && policy === 'optional' ? null : 'lock_mismatch'
    return key !== null && isSame(lockOfKey(key), lock) ? null : 'lock_mismatch'
  }
}

/** Compares two texts in a time that does not tell how far they agree. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}
