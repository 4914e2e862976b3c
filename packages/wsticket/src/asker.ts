/**
 * Somebody who asks an engine. Whoever has been refused meanwhile must not have a ticket spent in their name.
 * @module
 */
import { StoreError } from './errors.ts'

/** Somebody who waits for an answer. */
export interface Asker {
  /** They wait no more: what has not been sent by now must not be. */
  readonly over: boolean
}

/**
 * Called before anything is sent that is not sent at once.
 * @throws StoreError `unavailable` where nobody waits any more.
 */
export function requireWaiting({ over }: Asker): void {
  if (over) throw new StoreError('unavailable', 'nobody waits for the answer any more')
}
