import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/stores/memory.ts'
import {
  createMovableClock,
  runStoreCase,
  type StoreHarness,
  storeConformance,
} from '../../src/testing/store-conformance.ts'

function createMemoryHarness(): StoreHarness {
  const clock = createMovableClock()
  const store = createMemoryStore({ clock: clock.now })
  return {
    clock,
    open: async () => store,
    openSecond: async () => store,
    capabilities: {
      dump: { lacks: 'what it holds is in the heap of the process' },
      size: { lacks: 'it does not say how much it holds' },
      namespaces: { lacks: 'every memory store is a namespace of its own' },
      capacity: async (maxRecords) => createMemoryStore({ maxRecords, clock: clock.now }),
      handedInClient: { lacks: 'it has no client' },
      outage: { lacks: 'its engine is the process itself' },
    },
    dispose: () => store.close(),
  }
}

describe('the memory store', () => {
  for (const conformanceCase of storeConformance) {
    it(conformanceCase.name, async ({ skip }) => {
      const skipped = await runStoreCase(conformanceCase, createMemoryHarness)
      if (skipped !== null) skip(skipped)
      expect(skipped).toBeNull()
    })
  }
})
