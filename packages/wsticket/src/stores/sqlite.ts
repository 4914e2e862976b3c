/**
 * Ticket store in a SQLite file (`node:sqlite`): exactly one redemption of a ticket, over all processes of one machine that have the
 * file open. Outstanding tickets are void after a reboot, and after the last of these processes has closed the file.
 * @module
 */
import { type Clock, type EpochMs, systemClock } from '../clock.ts'
import { createEngine, defaultEngineDeadlineMs } from '../engine.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import { createSqliteQuota, sqliteQuotaSql } from '../quotas/sqlite.ts'
import { readRecord, writeRecord } from '../record-text.ts'
import { createSqliteConnection, type PreparedDatabase, type SqliteConnection } from '../sqlite-connection.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import type { RedeemOutcome, StoreInspection, TicketState, TicketStore } from '../ticket-store.ts'

/** Where tickets are kept. */
export interface SqliteStoreOptions {
  /**
   * The file, on a disk of this machine. Made where there is none, for its owner's eyes only; while it is open, two more stand
   * beside it (`-wal`, `-shm`). It holds tickets and nothing else.
   */
  readonly path: string
  /**
   * How long a lock of another process is waited for, in milliseconds, from 0 to 2,000. Default 1,000. The event loop is held up
   * as long; after one wait in vain nothing waits again until the lock was free.
   */
  readonly busyTimeoutMs?: number
  /** Default: the machine's clock. Decides only what is swept when. */
  readonly clock?: Clock
}

const defaultBusyTimeoutMs = 1000

// Sweeping holds up the event loop, too, and is done in parts.
const sweepBatch = 100
const sweepIntervalMs = 10_000
// The clock of an issuer is not the verifier's: what it sweeps by is a minute behind.
const sweepMarginMs = 60_000

const guarantee =
  'A ticket is redeemed at most once, over all processes of this machine that have the file open. A reboot, another file in its place, and the last of these processes closing it void what is outstanding. One more is possible where the disk loses what was written last and the machine goes on: a volume that is torn off and attached again.'

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
export function createSqliteStore(options: SqliteStoreOptions): TicketStore {
  const { clock = systemClock, busyTimeoutMs = defaultBusyTimeoutMs } = options
  requirePath(options.path)
  requireBusyTimeout(busyTimeoutMs)
  const connection = createSqliteConnection({ path: options.path, busyTimeoutMs, sql })
  const engine = createEngine({
    name: 'sqlite',
    deadlineMs: defaultEngineDeadlineMs,
    inspect: async () => inspect(connection),
    // Answers are not late here, and are not mixed up. And where no other process has the file open, closing it voids every ticket.
    reconnect: () => {},
  })
  const ask = <Answer>(work: (tickets: Tickets) => Answer, whenFull?: 'capacity') =>
    engine.ask(async () => connection.run(work, whenFull))
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
    inspect: () => engine.inspect(),
    async close() {
      engine.close()
      connection.drop()
    },
  }
}

function inspect(connection: SqliteConnection<keyof typeof sql>): StoreInspection {
  const { version, weaknesses } = connection.check()
  return { engine: `sqlite ${version}`, guarantee, weaknesses }
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

function requirePath(path: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new ConfigurationError('path', 'must be the path of a file')
  if (path === ':memory:')
    throw new ConfigurationError('path', 'must be the path of a file: for tickets in memory there is the memory store')
}

function requireBusyTimeout(busyTimeoutMs: number): void {
  if (Number.isInteger(busyTimeoutMs) && busyTimeoutMs >= 0 && busyTimeoutMs <= defaultEngineDeadlineMs) return
  throw new ConfigurationError(
    'busyTimeoutMs',
    `must be a whole number of milliseconds, at most ${defaultEngineDeadlineMs}`,
  )
}
