/**
 * A store that looks before it leaps: it finds the record, and spends it in a second step. Everything else about it is right,
 * so that a suite without races would pass it. Kept here because this very mistake has shipped again and again.
 * @module
 */

import type { TicketStore } from '../../src/ticket-store.ts'
import { type EngineStoreOptions, keyOf, parseRecord } from './simulated-engine.ts'

export function createFindThenDeleteStore(store: TicketStore, { client, namespace }: EngineStoreOptions): TicketStore {
  return {
    ...store,
    async redeem(id, now) {
      const state = await store.read(id, now)
      if (state.kind === 'unknown' || state.kind === 'expired' || state.kind === 'revoked') return { kind: state.kind }
      if (state.kind === 'redeemed') return { kind: 'spent' }
      return client.run((rows) => {
        const row = rows.get(keyOf(namespace, id))
        if (row === undefined) return { kind: 'redeemed', record: state.record }
        row.state = 'redeemed'
        return { kind: 'redeemed', record: parseRecord(row) }
      })
    },
  }
}
