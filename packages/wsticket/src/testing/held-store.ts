/**
 * A ticket store whose redemptions can be held up, or made to fail: a slow engine, and a broken one.
 * @module
 */
import type { RedeemOutcome, TicketStore } from '../ticket-store.ts'
import { createSignal, type Signal } from './conformance-case.ts'

/** A store around another. */
export interface HeldStore extends TicketStore {
  /** From now on redemptions wait for {@link HeldStore.release}. Fulfilled when the first has come. */
  hold(): Promise<void>
  /** Lets redemptions through. */
  release(): void
  /** From now on a redemption is whatever this returns, throws or rejects with. */
  breakDown(failure: () => Promise<RedeemOutcome>): void
}

/** Wraps a store. */
export function createHeldStore(store: TicketStore): HeldStore {
  let held: { readonly arrival: Signal<void>; readonly release: Signal<void> } | null = null
  let failure: (() => Promise<RedeemOutcome>) | null = null
  return {
    ...store,
    // Not async: a store that throws instead of rejecting is passed on as it is.
    redeem(id, now) {
      if (failure !== null) return failure()
      if (held === null) return store.redeem(id, now)
      held.arrival.fire()
      return held.release.promise.then(() => store.redeem(id, now))
    },
    hold() {
      held = { arrival: createSignal(), release: createSignal() }
      return held.arrival.promise
    },
    release() {
      held?.release.fire()
      held = null
    },
    breakDown(newFailure) {
      failure = newFailure
    },
  }
}
