/**
 * Ticket store in a SQLite file (`node:sqlite`): exactly one redemption of a ticket, over all processes of one machine that have the
 * file open. Outstanding tickets are void after a reboot, and after the last of these processes has closed the file.
 * @module
 */
import { type Clock, type EpochMs, systemClock } from '../clock.ts'
import { StoreError } from '../errors.ts'
import { createSqliteQuota, sqliteQuotaSql } from '../quotas/sqlite.ts'
import { readRecord, writeRecord } from '../record-text.ts'
import type { PreparedDatabase } from '../sqlite-connection.ts'
import { createSqliteEngine, type SqliteFileOptions } from '../sqlite-engine.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import type { RedeemOutcome, TicketState, TicketStore } from '../ticket-store.ts'

/** Where tickets are kept. */
export interface SqliteStoreOptions extends SqliteFileOptions {
  /** Default: the machine's clock. Decides only what is swept when. */
  readonly clock?: Clock
}

// Sweeping holds up the event loop, too, and is done in parts.
const sweepBatch = 100
const sweepIntervalMs = 10_000
// The clock of an issuer is not the verifier's: what it sweeps by is a minute behind.
const sweepMarginMs = 60_000

const sql = {
  insert: `INSERT INTO wsticket_tickets (id, state, expires_at, reign, record) VALUES (?, 'pending', ?, ?, ?)
    ON CONFLICT (id) DO NOTHING`,
  redeem: `UPDATE wsticket_tickets SET state = 'redeemed'
    WHERE id = ? AND state = 'pending' AND expires_at > ? AND reign = ? RETURNING record`,
  revoke: `UPDATE wsticket_tickets SET state = 'revoked'
    WHERE id = ? AND state = 'pending' AND expires_at > ? AND reign = ?`,
  read: 'SELECT state, expires_at, record FROM wsticket_tickets WHERE id = ? AND reign = ?',
  sweep: sweepOf('wsticket_tickets'),
  sweepOutstanding: sweepOf('wsticket_outstanding'),
  ...sqliteQuotaSql,
}

function sweepOf(table: string): string {
  return `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE expires_at <= ? LIMIT ${sweepBatch})`
}

type Tickets = PreparedDatabase<keyof typeof sql>

/**
 * Creates a store on a file, which the first question opens.
 * @throws ConfigurationError for a path or a time that cannot be, and on a runtime without `node:sqlite`.
 */
export function createSqliteStore({ clock = systemClock, ...file }: SqliteStoreOptions): TicketStore {
  const { ask, inspect, close } = createSqliteEngine(file, sql)
  const sweepIfDue = createSelfSweep(clock)

  return {
    name: 'sqlite',
    quota: createSqliteQuota(ask),
    insert: (record) =>
      ask((tickets) => {
        sweepIfDue(tickets)
        insert(tickets, record)
      }, 'capacity'),
    redeem: (id, now) => ask((tickets) => redeem(tickets, id, now)),
    read: (id, now) => ask((tickets) => read(tickets, id, now)),
    revoke: (id, now) => ask((tickets) => revoke(tickets, id, now)),
    async sweep(now) {
      for (let swept = 0; ; await aTurnOfTheLoop()) {
        const { tickets, mayBeMore } = await ask((database) => sweepOnce(database, now))
        swept += tickets
        if (!mayBeMore) return swept
      }
    },
    inspect,
    async close() {
      close()
    },
  }
}

function insert({ statements, database }: Tickets, record: TicketRecord): void {
  const { changes } = statements.insert.run(record.id, record.expiresAt, database.reign, writeRecord(record))
  if (changes !== 1) throw new StoreError('conflict', 'the store has a record of this id')
}

function redeem({ statements, database }: Tickets, id: TicketId, now: EpochMs): RedeemOutcome {
  const [spent] = statements.redeem.all(id, now, database.reign)
  if (spent !== undefined) {
    const record = readRecord(spent.record as string, id)
    return now < record.expiresAt ? { kind: 'redeemed', record } : { kind: 'expired' }
  }
  const [kept] = statements.read.all(id, database.reign)
  if (kept?.state === 'redeemed') return { kind: 'spent' }
  if (kept?.state === 'revoked') return { kind: 'revoked' }
  // Pending and good: another process has issued it just now, after it was looked for.
  return { kind: kept !== undefined && now >= (kept.expires_at as number) ? 'expired' : 'unknown' }
}

function read({ statements, database }: Tickets, id: TicketId, now: EpochMs): TicketState {
  const [kept] = statements.read.all(id, database.reign)
  if (kept === undefined) return { kind: 'unknown' }
  const record = readRecord(kept.record as string, id)
  if (kept.state !== 'pending') return { kind: kept.state as 'redeemed' | 'revoked', record }
  return { kind: now >= record.expiresAt ? 'expired' : 'pending', record }
}

function revoke({ statements, database }: Tickets, id: TicketId, now: EpochMs): boolean {
  return statements.revoke.run(id, now, database.reign).changes === 1
}

function sweepOnce({ statements }: Tickets, now: EpochMs) {
  const tickets = Number(statements.sweep.run(now).changes)
  const outstanding = Number(statements.sweepOutstanding.run(now).changes)
  return { tickets, mayBeMore: Math.max(tickets, outstanding) === sweepBatch }
}

/** Sweeps at most one part at a time, and when one was full, another with the next insert. */
function createSelfSweep(clock: Clock): (tickets: Tickets) => void {
  let sweptAt = Number.NEGATIVE_INFINITY
  return (tickets) => {
    const now = clock()
    // A clock that was set back is as good a reason as one that has gone on.
    if (Math.abs(now - sweptAt) < sweepIntervalMs) return
    if (!sweepOnce(tickets, (now - sweepMarginMs) as EpochMs).mayBeMore) sweptAt = now
  }
}

function aTurnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}
