/**
 * The store that `serve` keeps tickets in.
 * @module
 */
import { ConfigurationError, StoreError, type TicketStore } from 'wsticket'
import { openStore } from 'wsticket/open-store'
import { tell } from './verb.ts'

/**
 * Opens the store, and says what holds there. Null, and a word about it, where a ticket could be redeemed twice; an engine that is
 * away is no reason not to start.
 */
export async function openTicketStore(url: string): Promise<TicketStore | null> {
  let store: TicketStore | null = null
  try {
    store = await openStore(url)
    await describe(store)
    return store
  } catch (error) {
    await store?.close()
    if (!(error instanceof ConfigurationError)) throw error
    tell(`--store cannot be used: ${error.message}`)
    return null
  }
}

async function describe(store: TicketStore): Promise<void> {
  // Nothing to say to somebody who did not choose a store.
  if (store.name === 'memory') return
  try {
    const { engine, guarantee, weaknesses } = await store.inspect()
    tell(`Tickets are kept in ${engine}: ${guarantee}`)
    for (const weakness of weaknesses) tell(`Weakened: ${weakness}`)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    tell(`The store cannot be used now (${error.message}). Until it can, tickets are refused with 503.`)
  }
}
