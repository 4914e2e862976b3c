/**
 * Ticket store in the memory of one process: exactly one redemption per process, never across processes; a restart voids
 * every ticket.
 * @module
 */
import { type Clock, type EpochMs, systemClock } from '../clock.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import type { RedeemOutcome, TicketState, TicketStore } from '../ticket-store.ts'

/** Bounds of the memory store. */
export interface MemoryStoreOptions {
  /** The most records kept, spent ones until their natural expiry included; about 300 bytes each. Default 100,000. */
  readonly maxRecords?: number
  /** Default: the machine's clock. Decides only what is swept when. */
  readonly clock?: Clock
}

interface Entry {
  readonly record: TicketRecord
  state: 'pending' | 'redeemed' | 'revoked'
}

const defaultMaxRecords = 100_000
// Records are swept in generations of one second of expiry: no timer per ticket, and no walk over the living.
const generationMs = 1000

/**
 * Creates a memory store.
 * @throws ConfigurationError for a bound that is no whole number above 0.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): TicketStore {
  const { maxRecords = defaultMaxRecords, clock = systemClock } = options
  if (!Number.isSafeInteger(maxRecords) || maxRecords < 1) {
    throw new ConfigurationError('maxRecords', 'must be a whole number, 1 or more')
  }
  const entries = new Map<TicketId, Entry>()
  const generations = new Map<number, TicketId[]>()
  let sweptUpTo = generationOf(clock())
  let closed = false

  function requireOpen(): void {
    if (closed) throw new StoreError('closed', 'the memory store is closed')
  }

  function sweepUpTo(now: EpochMs): number {
    const before = entries.size
    const current = generationOf(now)
    // The map of generations is small: at most one for each second of the longest lifetime.
    for (const [generation, ids] of generations) {
      if (generation >= current) continue
      for (const id of ids) entries.delete(id)
      generations.delete(generation)
    }
    sweptUpTo = current
    return before - entries.size
  }

  function remember(record: TicketRecord): void {
    entries.set(record.id, { record, state: 'pending' })
    const generation = generationOf(record.expiresAt)
    const ids = generations.get(generation)
    if (ids === undefined) generations.set(generation, [record.id])
    else ids.push(record.id)
  }

  return {
    name: 'memory',
    async insert(record) {
      requireOpen()
      const now = clock()
      if (generationOf(now) > sweptUpTo) sweepUpTo(now)
      if (entries.has(record.id)) throw new StoreError('conflict', 'the store has a record of this id')
      if (entries.size >= maxRecords) throw new StoreError('capacity', `the store has its ${maxRecords} records`)
      remember(record)
    },
    // One synchronous step between looking and spending: nothing can come between.
    async redeem(id, now): Promise<RedeemOutcome> {
      requireOpen()
      const entry = entries.get(id)
      if (entry === undefined) return { kind: 'unknown' }
      if (entry.state !== 'pending') return { kind: entry.state === 'redeemed' ? 'spent' : 'revoked' }
      if (now >= entry.record.expiresAt) return { kind: 'expired' }
      entry.state = 'redeemed'
      return { kind: 'redeemed', record: entry.record }
    },
    async read(id, now): Promise<TicketState> {
      requireOpen()
      const entry = entries.get(id)
      if (entry === undefined) return { kind: 'unknown' }
      const { record, state } = entry
      return { kind: state === 'pending' && now >= record.expiresAt ? 'expired' : state, record }
    },
    async revoke(id, now) {
      requireOpen()
      const entry = entries.get(id)
      if (entry === undefined || entry.state !== 'pending' || now >= entry.record.expiresAt) return false
      entry.state = 'revoked'
      return true
    },
    async sweep(now) {
      requireOpen()
      return sweepUpTo(now)
    },
    async close() {
      closed = true
      entries.clear()
      generations.clear()
    },
  }
}

function generationOf(instant: EpochMs): number {
  return Math.floor(instant / generationMs)
}
