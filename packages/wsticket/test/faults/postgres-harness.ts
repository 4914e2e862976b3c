/**
 * Stores on PostgreSQL servers under test, over both clients, and how all of it ends.
 * @module
 */
import { until } from 'wsticket-engines/until'
import type { TicketId } from '../../src/ticket.ts'
import { type Connected, clients } from '../services/postgres-harness.ts'
import { issueAll } from './issuing.ts'
import type { Spender, StoreKind } from './postgres-kinds.ts'
import { long } from './proof-size.ts'

/** How many tickets go through each scenario. */
export const ticketCount = long ? 500 : 40

/** Undoes what was done, last first. */
export interface Cleanup {
  readonly add: (undo: () => Promise<unknown>) => void
  readonly run: () => Promise<void>
}

/** Nothing to undo yet. */
export function createCleanup(): Cleanup {
  const steps: (() => Promise<unknown>)[] = []
  return {
    add: (undo) => void steps.push(undo),
    async run() {
      for (const undo of steps.splice(0).toReversed()) await undo()
    },
  }
}

// Both clients, of every kind of store, on every server, before and after: less than a server takes.
const maxConnections = 3

/** Stores of one kind over both clients, with connections that end with the cleanup. */
export function storesAt(kind: StoreKind, url: string, cleanup: Cleanup): readonly [Spender, Spender] {
  const stores = clients.map(([, connect]) => {
    const connected: Connected = connect(url, { max: maxConnections })
    cleanup.add(connected.end)
    return kind.create(connected.driver)
  })
  return stores as [Spender, Spender]
}

/** Issues tickets. Others, where some of them were not stored in time: a machine that many share stands still now and then. */
export function issue(store: Pick<Spender, 'insert'>, count = ticketCount): Promise<TicketId[]> {
  return until('tickets are issued', () => issueAll(store, count))
}

/** The tickets of which every second is redeemed before something happens. */
export function halves(ids: readonly TicketId[]): { readonly spent: TicketId[]; readonly pending: TicketId[] } {
  return {
    spent: ids.filter((_, index) => index % 2 === 0),
    pending: ids.filter((_, index) => index % 2 === 1),
  }
}
