/**
 * Ticket store in PostgreSQL. A ticket can be redeemed only while the start of the server lasts that issued it: the table is
 * UNLOGGED, so that a crash and a promoted standby empty it, and every row carries the start time of its server, so that a
 * restart, a copy and a restored backup void what they bring along. Each of the two covers what the other does not.
 * @module
 */
import { type Clock, type EpochMs, systemClock } from '../clock.ts'
import { requireDeadline } from '../deadline.ts'
import { sha256 } from '../digest.ts'
import { createEngine, defaultEngineDeadlineMs } from '../engine.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import type { PostgresDriver, Row, Statement } from '../postgres-driver.ts'
import { readRecord, writeRecord } from '../record-text.ts'
import type { TicketId, TicketRecord } from '../ticket.ts'
import type { RedeemOutcome, StoreInspection, TicketState, TicketStore } from '../ticket-store.ts'

/** Options of the PostgreSQL store. */
export interface PostgresStoreOptions {
  /** The table, with its schema or without: `auth.tickets`. Lower-case letters, digits and `_`. Default `wsticket_tickets`. */
  readonly table?: string
  /** How long the server may take to answer, in milliseconds. Default 2,000. */
  readonly deadlineMs?: number
  /** Default: the machine's clock. Paces the store's own sweeping, and decides nothing else. */
  readonly clock?: Clock
}

const defaultTable = 'wsticket_tickets'
const tableForm = /^(?:[a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/

const sweepEveryMs = 10_000
// The clock of this process is not the verifier's.
const sweepMarginMs = 60_000
const sweepBatchRows = 1000

const guarantee =
  'A ticket is redeemed at most once, by the start of the server that issued it: a restart, a crash, a promoted standby or a ' +
  'restored backup voids what is outstanding.'

/**
 * The statement that creates the table; the store runs it itself where there is no table, and the role may.
 * @throws ConfigurationError for a name that the store does not take.
 */
export function postgresSchema(table: string = defaultTable): string {
  // Half of each page is left free: a ticket changes its state once, and its second version stays on the page of the first.
  return `CREATE UNLOGGED TABLE IF NOT EXISTS ${quote(table)} (
  id text COLLATE "C" PRIMARY KEY,
  record text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'redeemed', 'revoked')),
  expires_at bigint NOT NULL,
  reign timestamptz NOT NULL DEFAULT pg_postmaster_start_time()
) WITH (fillfactor = 50)`
}

/**
 * Creates a store on a table of the primary. Asks the server nothing yet.
 * @throws ConfigurationError for a name or a deadline that cannot be.
 */
export function createPostgresStore(driver: PostgresDriver, options: PostgresStoreOptions = {}): TicketStore {
  const { table = defaultTable, deadlineMs = defaultEngineDeadlineMs, clock = systemClock } = options
  const tickets = createTickets(driver, quote(table))
  const engine = createEngine({
    name: 'postgres',
    deadlineMs: requireDeadline(deadlineMs),
    inspect: () => inspect(driver, table),
    reconnect: () => driver.reconnect(),
  })

  async function sweep(now: EpochMs): Promise<number> {
    let swept = 0
    for (;;) {
      const rows = await engine.ask(() => tickets.sweepBatch(now))
      swept += rows
      if (rows < sweepBatchRows) return swept
    }
  }

  const sweepInPassing = createPacer(clock, (now) => sweep((now - sweepMarginMs) as EpochMs))
  return {
    name: 'postgres',
    async insert(record) {
      await engine.ask(() => tickets.insert(record))
      sweepInPassing()
    },
    redeem: (id, now) => engine.ask(() => tickets.redeem(id, now)),
    read: (id, now) => engine.ask(() => tickets.read(id, now)),
    revoke: (id, now) => engine.ask(() => tickets.revoke(id, now)),
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
  insert(record: TicketRecord): Promise<void>
  redeem(id: TicketId, now: EpochMs): Promise<RedeemOutcome>
  read(id: TicketId, now: EpochMs): Promise<TicketState>
  revoke(id: TicketId, now: EpochMs): Promise<boolean>
  sweepBatch(now: EpochMs): Promise<number>
}

function createTickets(driver: PostgresDriver, table: string): Tickets {
  const statements = createStatements(table)

  async function readState(id: TicketId, now: EpochMs): Promise<TicketState> {
    const [row] = await driver.query(statements.read(id, now))
    if (row === undefined) return { kind: 'unknown' }
    return { kind: kindOf(row), record: readRecord(String(row.record), id) }
  }

  return {
    async insert(record) {
      const statement = statements.insert(record.id, writeRecord(record), record.expiresAt)
      requireAnswerAbout(record.id, await driver.query(statement).catch(rejectAsStoreError))
    },
    async redeem(id, now) {
      const [row] = await driver.query(statements.redeem(id, now))
      if (row !== undefined) return outcomeOf(readRecord(String(row.record), id), now)
      // A second statement, for it needs a second snapshot: one that has lost a race does not see the winner's commit.
      const { kind } = await readState(id, now)
      // What is pending now was not there when it was to be redeemed.
      return { kind: kind === 'redeemed' ? 'spent' : kind === 'pending' ? 'unknown' : kind }
    },
    read: readState,
    async revoke(id, now) {
      const rows = await driver.query(statements.revoke(id, now))
      if (rows.length > 0) requireAnswerAbout(id, rows)
      return rows.length > 0
    },
    async sweepBatch(now) {
      const [row] = await driver.query(statements.sweep(now))
      const rows = Number(row?.rows)
      if (!Number.isSafeInteger(rows)) throw new StoreError('corrupt', 'the store answered with no count')
      return rows
    },
  }
}

type Prepared = (...values: readonly (string | number)[]) => Statement

function createStatements(table: string): {
  readonly [name in 'insert' | 'redeem' | 'revoke' | 'read' | 'sweep']: Prepared
} {
  const good = `id = $1 AND state = 'pending' AND expires_at > $2 AND reign = pg_postmaster_start_time()`
  return {
    insert: prepare(`INSERT INTO ${table} (id, record, expires_at) VALUES ($1, $2, $3) RETURNING id`),
    redeem: prepare(`UPDATE ${table} SET state = 'redeemed' WHERE ${good} RETURNING record`),
    revoke: prepare(`UPDATE ${table} SET state = 'revoked' WHERE ${good} RETURNING id`),
    read: prepare(
      `SELECT record, CASE WHEN state = 'pending' AND expires_at <= $2 THEN 'expired' ELSE state END AS state
       FROM ${table} WHERE id = $1 AND reign = pg_postmaster_start_time()`,
    ),
    sweep: prepare(
      `WITH swept AS (
         DELETE FROM ${table} WHERE expires_at <= $1
         AND ctid = ANY (ARRAY (SELECT ctid FROM ${table} WHERE expires_at <= $1 LIMIT ${sweepBatchRows}))
         RETURNING 1
       ) SELECT count(*)::text AS rows FROM swept`,
    ),
  }
}

/** A statement that is prepared once: its name is that of its text, for several tables may be kept over one connection. */
function prepare(text: string): Prepared {
  const name = `wsticket_${sha256(text).slice(0, 22)}`
  return (...values) => ({ name, text, values })
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

const uniqueViolation = '23505'
const diskFull = '53100'

function rejectAsStoreError(error: unknown): never {
  const code = codeOf(error)
  if (code === uniqueViolation) throw new StoreError('conflict', 'the store has a record of this id')
  if (code === diskFull) throw new StoreError('capacity', 'the disk of the server is full')
  throw error
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}

/** Every part is quoted: a keyword may name a table, too. */
function quote(table: string): string {
  if (tableForm.test(table)) return table.replace(/[^.]+/g, '"$&"')
  throw new ConfigurationError('table', 'must be a name such as auth.tickets, of lower-case letters, digits and _')
}

const inspection = `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
  current_setting('server_encoding') AS encoding,
  pg_is_in_recovery()::text AS standby,
  current_setting('transaction_read_only') AS read_only,
  relkind::text AS kind,
  relpersistence::text AS persistence,
  (SELECT count(*) FROM pg_attribute WHERE attrelid = found AND NOT attisdropped
    AND attname || ' ' || atttypid::regtype IN ('id text', 'record text', 'state text', 'expires_at bigint',
      'reign timestamp with time zone'))::text AS columns,
  EXISTS (SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    WHERE indrelid = found AND indisunique AND indisvalid AND indpred IS NULL AND indnkeyatts = 1
    AND attname = 'id')::text AS keyed,
  EXISTS (SELECT FROM pg_trigger WHERE tgrelid = found AND NOT tgisinternal)::text AS triggered,
  (has_table_privilege(found, 'SELECT') AND has_table_privilege(found, 'INSERT')
    AND has_table_privilege(found, 'UPDATE') AND has_table_privilege(found, 'DELETE'))::text AS allowed
FROM to_regclass($1) AS found LEFT JOIN pg_class ON pg_class.oid = found`

const lookAt = prepare(inspection)

/** Creates the table where there is none. */
async function inspect(driver: PostgresDriver, table: string): Promise<StoreInspection> {
  const look = async () => ((await driver.query(lookAt(quote(table)))) as [Row])[0]
  const first = await look()
  requirePrimary(first)
  if (first.kind === null) await create(driver, table)
  const found = first.kind === null ? await look() : first
  requireTable(found, table)
  return { engine: `postgres ${String(found.version)}`, guarantee, weaknesses: weaknessesOf(found, table) }
}

function requirePrimary({ standby, read_only }: Row): void {
  if (standby !== 'false') throw new ConfigurationError('driver', 'must reach the primary: this server is a standby')
  if (read_only !== 'off')
    throw new ConfigurationError('driver', 'must be able to write: turn default_transaction_read_only off for its role')
}

async function create(driver: PostgresDriver, table: string): Promise<void> {
  const text = postgresSchema(table)
  try {
    await driver.query(prepare(text)())
  } catch (error) {
    const code = String(codeOf(error))
    // Somebody else has created it at the same moment.
    if (code === uniqueViolation || code === '42P07') return
    // Not permitted, or no such schema.
    if (code !== '42501' && code !== '3F000') throw error
    throw new ConfigurationError('table', `is not there, and this role cannot create it; let its owner run: ${text}`)
  }
}

function requireTable(found: Row, table: string): void {
  const name = quote(table)
  const problems: readonly (readonly [boolean, string])[] = [
    [found.kind === 'r', 'must be a plain table, and no view, partition or foreign table'],
    [found.columns === '5' && found.keyed === 'true', `must be made as postgresSchema says: DROP TABLE ${name}`],
    [
      found.persistence === 'u',
      `must be UNLOGGED, or a crash or a failover brings spent tickets back: ALTER TABLE ${name} SET UNLOGGED`,
    ],
    [found.allowed === 'true', `must be granted: GRANT SELECT, INSERT, UPDATE, DELETE ON ${name} TO the role`],
  ]
  const problem = problems.find(([holds]) => !holds)
  if (problem !== undefined) throw new ConfigurationError('table', problem[1])
}

function weaknessesOf({ triggered, encoding }: Row, table: string): readonly string[] {
  return [
    ...(triggered === 'true' ? [`Triggers can undo what a redemption writes: drop those of ${quote(table)}.`] : []),
    ...(encoding === 'UTF8' || encoding === 'SQL_ASCII'
      ? []
      : [
          `The encoding of the database is not UTF8, and a ticket whose claims it cannot write is not issued: use another.`,
        ]),
  ]
}
