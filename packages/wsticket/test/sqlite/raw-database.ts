/**
 * A database without the store: what another program that has SQLite sees of it, and does to it.
 * @module
 */
import { builtinModule } from '../../src/builtin-module.ts'
import type { SqliteStatement } from '../../src/sqlite-database.ts'

/** An open database. */
export interface RawDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  close(): void
}

/** Opens a database, and makes it where there is none. */
export function openRaw(path: string): RawDatabase {
  const sqlite = builtinModule<{ DatabaseSync: new (path: string) => RawDatabase }>('node:sqlite')
  if (sqlite === undefined) throw new Error('this Node has no node:sqlite: npm run test:sqlite')
  return new sqlite.DatabaseSync(path)
}
