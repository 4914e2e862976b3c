/**
 * The PostgreSQL store that is put to the proof, and those that must be caught: each lacks one part of what ours has.
 * @module
 */

import type { Asker } from '../../src/asker.ts'
import { StoreError } from '../../src/errors.ts'
import type { PostgresDriver, Row } from '../../src/postgres-driver.ts'
import { prepare } from '../../src/postgres-statements.ts'
import { readRecord, writeRecord } from '../../src/record-text.ts'
import { createPostgresStore, postgresSchema } from '../../src/stores/postgres.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

/** As much of a store as issues and admits. */
export type Spender = Pick<TicketStore, 'insert' | 'redeem'>

/** A way to keep tickets in PostgreSQL. */
export interface StoreKind {
  readonly name: string
  readonly table: string
  /** Creates the table. */
  readonly schema: string
  readonly create: (driver: PostgresDriver) => Spender
}

/** How long our store waits for an answer, in milliseconds. */
export const deadlineMs = 1000

/** The same where nothing is timed. */
export const patientMs = 10_000

/** Ours. */
export const fenced: StoreKind = {
  name: 'the store',
  table: 'fenced',
  schema: postgresSchema('fenced'),
  create: (driver) => createPostgresStore(driver, { table: 'fenced', deadlineMs }),
}

/** Ours, where nothing is timed: a machine that stands still for two seconds decides nothing. */
export const patient: StoreKind = {
  ...fenced,
  create: (driver) => createPostgresStore(driver, { table: fenced.table, deadlineMs: patientMs }),
}

/** A table as it comes: durable, and a ticket in it is good on any server. */
export const durable = control('durable', { unlogged: false, reign: false })
/** Half of the fence: what a crash empties, but a ticket in it is good on any server. */
export const unloggedOnly = control('unlogged_only', { unlogged: true, reign: false })
/** The other half: good on one start of a server only, but durable. */
export const reignOnly = control('reign_only', { unlogged: false, reign: true })

/** Every kind whose redemption is one statement, as ours is. */
export const kinds: readonly StoreKind[] = [fenced, durable, unloggedOnly, reignOnly]

function control(
  table: string,
  { unlogged, reign }: { readonly unlogged: boolean; readonly reign: boolean },
): StoreKind {
  const schema = postgresSchema(table)
  return {
    name: `a table that is ${unlogged ? 'unlogged' : 'logged'}, ${reign ? 'with' : 'without'} the reign`,
    table,
    schema: unlogged ? schema : schema.replace('UNLOGGED ', ''),
    create: (driver) => createControl(driver, table, reign),
  }
}

function createControl(driver: PostgresDriver, table: string, reign: boolean): Spender {
  const fence = reign ? ' AND reign = pg_postmaster_start_time()' : ''
  const insert = prepare(`INSERT INTO ${table} (id, record, expires_at) VALUES ($1, $2, $3)`)
  const redeem = prepare(
    `UPDATE ${table} SET state = 'redeemed' WHERE id = $1 AND state = 'pending' AND expires_at > $2${fence} RETURNING record`,
  )
  return {
    async insert(record) {
      await asked(driver.query(insert(record.id, writeRecord(record), record.expiresAt), asker))
    },
    async redeem(id, now) {
      const [row] = await asked(driver.query(redeem(id, now), asker))
      return row === undefined ? { kind: 'unknown' } : { kind: 'redeemed', record: readRecord(String(row.record), id) }
    },
  }
}

/** Looks first and deletes then: what many stores of sessions and codes do. */
export const naive: StoreKind = {
  name: 'SELECT, then DELETE',
  table: 'naive',
  schema: postgresSchema('naive'),
  create(driver) {
    const select = prepare('SELECT record FROM naive WHERE id = $1 AND expires_at > $2')
    const remove = prepare('DELETE FROM naive WHERE id = $1')
    return {
      ...createControl(driver, 'naive', false),
      async redeem(id, now) {
        const [row] = await asked(driver.query(select(id, now), asker))
        if (row === undefined) return { kind: 'unknown' }
        await asked(driver.query(remove(id), asker))
        return { kind: 'redeemed', record: readRecord(String(row.record), id) }
      },
    }
  },
}

const asker: Asker = { over: false }

function asked(rows: Promise<readonly Row[]>): Promise<readonly Row[]> {
  return rows.catch((cause: unknown) => Promise.reject(new StoreError('unavailable', 'it failed', { cause })))
}
