/**
 * A harness of the store suite for an engine that is known by its URL only: somebody's own, which is not stopped, not read
 * behind the store's back, and left as it was.
 * @module
 */
import { StoreError } from '../errors.ts'
import type { StoreSource } from '../opener.ts'
import { sourceOf } from '../store-source.ts'
import type { TicketStore } from '../ticket-store.ts'
import { createMovableClock } from './movable-clock.ts'
import type { Lacking, StoreHarness } from './store-harness.ts'

const unseen: Lacking = { lacks: 'an engine that is known by its URL is not read behind the back of the store' }
const untouched: Lacking = { lacks: 'an engine that is known by its URL is not taken away from others' }

/**
 * Creates a harness on a namespace of the engine that is made for one case, and removed by `dispose`.
 * @throws ConfigurationError for a URL that cannot be.
 */
export function createUrlHarness(url: string): StoreHarness {
  const clock = createMovableClock()
  const trial = `check_${crypto.randomUUID().slice(0, 8)}`
  const source = sourceOf(url, trial)
  const opened = new Set<StoreSource>()
  const stores: TicketStore[] = []

  async function open(from: StoreSource): Promise<TicketStore> {
    const store = await from.open(clock.now)
    opened.add(from)
    stores.push(store)
    return store
  }

  return {
    clock,
    open: () => open(source),
    openSecond: () => open(source),
    capabilities: {
      dump: unseen,
      size: unseen,
      namespaces: async (name) => open(sourceOf(url, `${trial}_${name}`)),
      capacity: { lacks: 'how much an engine takes is its own setting' },
      handedInClient: { lacks: 'a store by URL has a client of its own' },
      outage: untouched,
    },
    async dispose() {
      await Promise.all(stores.map((store) => store.close()))
      await erase([...opened], trial)
    },
  }
}

async function erase(sources: readonly StoreSource[], trial: string): Promise<void> {
  try {
    await Promise.all(sources.map((source) => source.erase()))
  } catch {
    // What a client throws may quote its URL, with the password: it goes no further.
    throw new StoreError('unavailable', `what has ${trial} in its name could not be removed from the engine`)
  }
}
