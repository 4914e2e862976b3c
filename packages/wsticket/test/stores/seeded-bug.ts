/**
 * A store with one mistake, and the case of the suite that has to notice it.
 * @module
 */
import type { TicketStore } from '../../src/ticket-store.ts'
import type { EngineStoreOptions, Tamper } from './simulated-engine.ts'

export interface SeededBug {
  /** Completes `the suite notices a store that ...`. */
  readonly mistake: string
  readonly noticedBy: string
  readonly tamper: Tamper
}

type Override = (store: TicketStore, options: EngineStoreOptions) => Partial<TicketStore>

/** Replaces some of the methods of a store that does everything right. */
export function overriding(override: Override): Tamper {
  return (store, options) => ({ ...store, ...override(store, options) })
}
