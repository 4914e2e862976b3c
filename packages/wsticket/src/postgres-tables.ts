/**
 * What the tables in PostgreSQL have to be like: that of tickets, that of the session log and that of the session directory.
 * @module
 */
import { postgresDirectorySchema } from './postgres-directory-statements.ts'
import type { Row } from './postgres-driver.ts'
import { postgresLogSchema } from './postgres-log-statements.ts'
import { postgresSchema } from './postgres-statements.ts'

/** What holds of a table that is good; else what it must be, and the statement that makes it so. */
export type TableRequirement = readonly [holds: boolean, otherwise: string]

/** What a table has to be like. */
export interface TableShape {
  /** The statement that makes it. */
  schema(table: string): string
  /** The public function that tells it. */
  readonly schemaName: string
  /** With their types. There may be more. */
  readonly columns: readonly string[]
  /** What the role has to be allowed. */
  readonly privileges: readonly string[]
  /** What else is required of a table that was found. Its name is quoted. */
  requirements(found: Row, name: string): readonly TableRequirement[]
}

/** The table of tickets. */
export const ticketTable: TableShape = {
  schema: postgresSchema,
  schemaName: 'postgresSchema',
  columns: ['id text', 'record text', 'state text', 'expires_at bigint', 'reign timestamp with time zone'],
  privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  requirements: ({ persistence }, name) => [
    [
      persistence === 'u',
      `must be UNLOGGED, or a crash or a failover brings spent tickets back: ALTER TABLE ${name} SET UNLOGGED`,
    ],
  ],
}

/** The table of the session log. */
export const logTable: TableShape = {
  schema: postgresLogSchema,
  schemaName: 'postgresLogSchema',
  columns: ['id bigint identity', 'nonce text', 'entry text', 'written_at timestamp with time zone'],
  privileges: ['SELECT', 'INSERT', 'DELETE'],
  requirements: ({ persistence, counting, filtered }, name) => [
    [persistence === 'p', `must be LOGGED, or a crash loses what is revoked: ALTER TABLE ${name} SET LOGGED`],
    [
      counting === 'true',
      `must count up, or entries are read out of order: ALTER TABLE ${name} ALTER id SET CACHE 1 SET INCREMENT 1 SET NO CYCLE`,
    ],
    [
      filtered === 'false',
      `must show all of its rows: ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY, or let its owner be the role`,
    ],
  ],
}

/** The table of the session directory. */
export const directoryTable: TableShape = {
  schema: postgresDirectorySchema,
  schemaName: 'postgresDirectorySchema',
  columns: ['id text', 'node text', 'subject text', 'entry text', 'alive_until bigint', 'sessions bigint'],
  privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  requirements: ({ filtered }, name) => [
    [
      filtered === 'false',
      `must show all of its rows: ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY, or let its owner be the role`,
    ],
  ],
}
