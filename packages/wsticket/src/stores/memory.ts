/**
 * Ticket store in the memory of one process: exactly one redemption per process, never across processes; a restart voids
 * every ticket.
 * @module
 */
import { type Clock, type EpochMs, systemClock } from '../clock.ts'
import { StoreError } from '../errors.ts'
import { requireCount } from '../option-checks.ts'
import { createMemoryQuota } from '../quotas/memory.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import type { RedeemOutcome, TicketState, TicketStore } from '../ticket-store.ts'

/** Bounds of the memory store. */
export interface MemoryStoreOptions {
  /** The most records kept, spent ones until their natural expiry included; about 300 bytes each, and their claims (at most 4 KiB). Default 100,000. */
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

const guarantee =
  'A ticket is redeemed at most once, by the process that issued it. No other process knows of it, and a restart voids it.'

/** The entries by id, and the ids by the second in which they expire. */
interface Shelf {
  readonly entries: Map<TicketId, Entry>
  readonly generations: Map<number, TicketId[]>
  sweptUpTo: number
}

/**
 * Creates a memory store.
 * @throws ConfigurationError for a bound that is no whole number above 0.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): TicketStore {
  const { maxRecords = defaultMaxRecords, clock = systemClock } = options
  requireCount('maxRecords', maxRecords)
  let open: Shelf | null = { entries: new Map(), generations: new Map(), sweptUpTo: generationOf(clock()) }

  function shelf(): Shelf {
    if (open === null) throw new StoreError('closed', 'the memory store is closed')
    return open
  }

  return {
    name: 'memory',
    quota: createMemoryQuota(),
    async insert(record) {
      const now = clock()
      const { entries, sweptUpTo } = shelf()
      if (generationOf(now) > sweptUpTo) sweep(shelf(), now)
      if (entries.has(record.id)) throw new StoreError('conflict', 'the store has a record of this id')
      if (entries.size >= maxRecords) throw new StoreError('capacity', `the store has its ${maxRecords} records`)
      put(shelf(), record)
    },
    async redeem(id, now) {
      return redeem(shelf().entries.get(id), now)
    },
    async read(id, now) {
      return read(shelf().entries.get(id), now)
    },
    async revoke(id, now) {
      return revoke(shelf().entries.get(id), now)
    },
    async sweep(now) {
      return sweep(shelf(), now)
    },
    async inspect() {
      return shelf() && { engine: 'memory', guarantee, weaknesses: [] }
    },
    async close() {
      open = null
    },
  }
}

/** Synchronous: nothing can come between looking and spending. */
function redeem(entry: Entry | undefined, now: EpochMs): RedeemOutcome {
  if (entry === undefined) return { kind: 'unknown' }
  if (entry.state !== 'pending') return { kind: entry.state === 'redeemed' ? 'spent' : 'revoked' }
  if (now >= entry.record.expiresAt) return { kind: 'expired' }
  entry.state = 'redeemed'
  return { kind: 'redeemed', record: entry.record }
}

function read(entry: Entry | undefined, now: EpochMs): TicketState {
  if (entry === undefined) return { kind: 'unknown' }
  const { record, state } = entry
  return { kind: state === 'pending' && now >= record.expiresAt ? 'expired' : state, record }
}

function revoke(entry: Entry | undefined, now: EpochMs): boolean {
  if (entry === undefined || entry.state !== 'pending' || now >= entry.record.expiresAt) return false
  entry.state = 'revoked'
  return true
}

function put({ entries, generations }: Shelf, record: TicketRecord): void {
  entries.set(record.id, { record, state: 'pending' })
  const generation = generationOf(record.expiresAt)
  const ids = generations.get(generation)
  if (ids === undefined) generations.set(generation, [record.id])
  else ids.push(record.id)
}

function sweep(shelf: Shelf, now: EpochMs): number {
  const { entries, generations } = shelf
  const before = entries.size
  const current = generationOf(now)
  // There are few generations: at most one for each second of the longest lifetime.
  for (const [generation, ids] of generations) {
    if (generation >= current) continue
    for (const id of ids) entries.delete(id)
    generations.delete(generation)
  }
  shelf.sweptUpTo = current
  return before - entries.size
}

function generationOf(instant: EpochMs): number {
  return Math.floor(instant / generationMs)
}
