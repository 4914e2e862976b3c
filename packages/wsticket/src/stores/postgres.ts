/**
 * Ticket store in PostgreSQL. A ticket can be redeemed only while the start of the server lasts that issued it: the table is
 * UNLOGGED, so that a crash and a promoted standby empty it, and every row carries the start time of its server, so that a
 * restart, a copy and a restored backup void what they bring along. Each of the two covers what the other does not.
 * @module
 */
import type { Asker } from '../asker.ts'
import { type Clock, type EpochMs, systemClock } from '../clock.ts'
import { requireDeadline } from '../deadline.ts'
import { defaultEngineDeadlineMs } from '../engine.ts'
import { StoreError } from '../errors.ts'
import type { PostgresDriver, Row } from '../postgres-driver.ts'
import { createPostgresEngine, rejectForWant, stateOf, uniqueViolation } from '../postgres-engine.ts'
import {
  createPostgresStatements,
  defaultTable,
  type PostgresStatements,
  quote,
  sweepBatchRows,
} from '../postgres-statements.ts'
import { ticketTable } from '../postgres-tables.ts'
import { createPostgresQuota } from '../quotas/postgres.ts'
import { readRecord, writeRecord } from '../record-text.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import type { RedeemOutcome, TicketState, TicketStore } from '../ticket-store.ts'

export { postgresSchema } from '../postgres-statements.ts'

/** Options of the PostgreSQL store. */
export interface PostgresStoreOptions {
  /** The table, with its schema or without: `auth.tickets`. Lower-case letters, digits and `_`. Default `wsticket_tickets`. */
  readonly table?: string
  /** How long the server may take to answer, in milliseconds. Default 2,000. */
  readonly deadlineMs?: number
  /** Default: the machine's clock. Paces the store's own sweeping, and decides nothing else. */
  readonly clock?: Clock
}

const sweepEveryMs = 10_000
// The clock of this process is not the verifier's.
const sweepMarginMs = 60_000

/**
 * Creates a store on a table of the primary. Asks the server nothing yet.
 * @throws ConfigurationError for a name or a deadline that cannot be.
 */
export function createPostgresStore(driver: PostgresDriver, options: PostgresStoreOptions = {}): TicketStore {
  const { table = defaultTable, deadlineMs = defaultEngineDeadlineMs, clock = systemClock } = options
  const statements = createPostgresStatements(quote(table))
  const tickets = createTickets(driver, statements)
  const engine = createPostgresEngine(driver, { table, shape: ticketTable, deadlineMs: requireDeadline(deadlineMs) })

  async function sweep(now: EpochMs): Promise<number> {
    let swept = 0
    for (;;) {
      const rows = await engine.ask((asker) => tickets.sweepBatch(asker, now))
      swept += rows
      if (rows < sweepBatchRows) return swept
    }
  }

  const sweepInPassing = createPacer(clock, (now) => sweep((now - sweepMarginMs) as EpochMs))
  return {
    name: 'postgres',
    quota: createPostgresQuota(engine, driver, statements),
    async insert(record) {
      await engine.ask((asker) => tickets.insert(asker, record))
      sweepInPassing()
    },
    redeem: (id, now) => engine.ask((asker) => tickets.redeem(asker, id, now)),
    read: (id, now) => engine.ask((asker) => tickets.read(asker, id, now)),
    revoke: (id, now) => engine.ask((asker) => tickets.revoke(asker, id, now)),
    sweep,
    inspect: () => engine.inspect(),
    async close() {
      engine.close()
      driver.release()
    },
  }
}

/** Work that is done every now and then, in passing: never twice at once, and whether it succeeds is nobody's concern. */
function createPacer(clock: Clock, work: (now: EpochMs) => Promise<unknown>): () => void {
  let doneAt = clock()
  let busy = false
  return () => {
    const now = clock()
    if (busy || Math.abs(now - doneAt) < sweepEveryMs) return
    doneAt = now
    busy = true
    work(now)
      .catch(() => {})
      .finally(() => {
        busy = false
      })
  }
}

/** What can be done to the rows of a table. */
interface Tickets {
  insert(asker: Asker, record: TicketRecord): Promise<void>
  redeem(asker: Asker, id: TicketId, now: EpochMs): Promise<RedeemOutcome>
  read(asker: Asker, id: TicketId, now: EpochMs): Promise<TicketState>
  revoke(asker: Asker, id: TicketId, now: EpochMs): Promise<boolean>
  sweepBatch(asker: Asker, now: EpochMs): Promise<number>
}

function createTickets(driver: PostgresDriver, statements: PostgresStatements): Tickets {
  async function readState(asker: Asker, id: TicketId, now: EpochMs): Promise<TicketState> {
    const [row] = await driver.query(statements.read(id, now), asker)
    if (row === undefined) return { kind: 'unknown' }
    return { kind: kindOf(row), record: readRecord(String(row.record), id) }
  }

  return {
    async insert(asker, record) {
      const statement = statements.insert(record.id, writeRecord(record), record.expiresAt)
      requireAnswerAbout(record.id, await driver.query(statement, asker).catch(rejectAsStoreError))
    },
    async redeem(asker, id, now) {
      const [row] = await driver.query(statements.redeem(id, now), asker)
      if (row !== undefined) return outcomeOf(readRecord(String(row.record), id), now)
      // A second statement, for it needs a second snapshot: one that has lost a race does not see the winner's commit.
      const { kind } = await readState(asker, id, now)
      // What is pending now was not there when it was to be redeemed.
      return { kind: kind === 'redeemed' ? 'spent' : kind === 'pending' ? 'unknown' : kind }
    },
    read: readState,
    async revoke(asker, id, now) {
      const rows = await driver.query(statements.revoke(id, now), asker)
      if (rows.length > 0) requireAnswerAbout(id, rows)
      return rows.length > 0
    },
    async sweepBatch(asker, now) {
      const [row] = await driver.query(statements.sweep(now), asker)
      const rows = Number(row?.rows)
      if (!Number.isSafeInteger(rows)) throw new StoreError('corrupt', 'the store answered with no count')
      return rows
    },
  }
}

/** The column is there to be searched; the record decides. */
function outcomeOf(record: TicketRecord, now: EpochMs): RedeemOutcome {
  return now < record.expiresAt ? { kind: 'redeemed', record } : { kind: 'expired' }
}

function kindOf({ state }: Row): 'pending' | 'redeemed' | 'expired' | 'revoked' {
  if (state === 'pending' || state === 'redeemed' || state === 'expired' || state === 'revoked') return state
  throw new StoreError('corrupt', 'the store holds a state that is none')
}

function requireAnswerAbout(id: TicketId, rows: readonly Row[]): void {
  if (rows[0]?.id !== id) throw new StoreError('corrupt', 'the store answered about another ticket')
}

function rejectAsStoreError(error: unknown): never {
  if (stateOf(error) === uniqueViolation) throw new StoreError('conflict', 'the store has a record of this id')
  rejectForWant(error)
}
