/**
 * The store that `serve` keeps tickets in.
 * @module
 */
import {
  ConfigurationError,
  type SessionDirectory,
  type SessionLog,
  StoreError,
  systemClock,
  type TicketStore,
} from 'wsticket'
import { openSessionDirectory, openSessionLog, openStore } from 'wsticket/open-store'
import type { Configuration } from '../config/configuration.ts'
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

/**
 * Opens the log by which the gateways that share a store hear of each other's sessions, and says why where it cannot be read; null where
 * nobody shares it.
 */
export async function openLogBeside({ name }: TicketStore, url: string): Promise<SessionLog | null> {
  // Nobody else has a store in this memory.
  if (name === 'memory') return null
  const log = await openSessionLog(url)
  await askOnce('log of sessions', () => log.readAfter(null, 1))
  return log
}

/** Opens the directory of who is on at all gateways that share a store; null where it is off. */
export async function openDirectoryBeside({
  sessionDirectory,
  store,
}: Pick<Configuration, 'sessionDirectory' | 'store'>): Promise<SessionDirectory | null> {
  if (sessionDirectory === 'off') return null
  const directory = await openSessionDirectory(store)
  await askOnce('directory of sessions', () => directory.count(systemClock()))
  return directory
}

async function askOnce(what: string, question: () => Promise<unknown>): Promise<void> {
  try {
    await question()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    tell(`The ${what} cannot be read now (${error.message}). Until it can, handshakes are refused with 503.`)
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
