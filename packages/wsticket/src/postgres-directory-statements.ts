/**
 * The table of the session directory in PostgreSQL, and what is asked of it: each operation is one statement, in a transaction of its own
 * (docs/protocol.md). A row is a session; or a node, which has no subject, and says how long it is alive.
 * @module
 */
import type { PreparedStatement } from './postgres-driver.ts'
import { defaultTable, prepare, quote } from './postgres-statements.ts'

/** The directory that stands beside a table of tickets. */
export function directoryTableOf(table: string): string {
  return `${table}_on`
}

/** The name of the directory's table unless told otherwise. */
export const defaultDirectoryTable: string = directoryTableOf(defaultTable)

/**
 * The statement that creates the directory's table; the directory runs it itself where there is no table, and the role may.
 * @throws ConfigurationError for a name that the directory does not take.
 */
export function postgresDirectorySchema(table: string = defaultDirectoryTable): string {
  // UNIQUE is an index, in one statement with the table.
  return `CREATE UNLOGGED TABLE IF NOT EXISTS ${quote(table)} (
  id text COLLATE "C" PRIMARY KEY,
  node text COLLATE "C" NOT NULL,
  subject text COLLATE "C",
  entry text NOT NULL DEFAULT '',
  alive_until bigint,
  sessions bigint,
  UNIQUE (subject, id),
  UNIQUE (node, id)
)`
}

/** The statements, by what they do. */
export interface PostgresDirectoryStatements {
  /**
   * `$1`: the node. `$2`: until when it is alive, and `$3` the present, in milliseconds. `$4`: how many sessions it has. `$5`: a JSON array
   * of objects, each with `id`, `subject` (a digest) and `entry`. `$6`: a JSON array of ids that are gone. `$7`: until when the node was
   * alive as far as it knows, or nothing. Returns as `step` `in_step` or `out_of_step`.
   */
  readonly tell: PreparedStatement
  /** `$1`: the present. `$2`: the id behind which is read. `$3`: how many at the most. Returns `entry`. */
  readonly list: PreparedStatement
  /** The same of one subject, whose digest is `$4`. */
  readonly listOf: PreparedStatement
  /** `$1`: the present. Returns `sessions`. */
  readonly count: PreparedStatement
  /** `$1`: the present. Removes up to 1,000 rows of nodes that are dead. */
  readonly sweep: PreparedStatement
}

/** The statements on a table. Its name is quoted already. */
export function createPostgresDirectoryStatements(table: string): PostgresDirectoryStatements {
  const alive = `SELECT node FROM ${table} WHERE id LIKE 'node:%' AND alive_until > $1::bigint`
  const page = (condition: string) =>
    `SELECT entry FROM ${table} WHERE id > $2 AND id NOT LIKE 'node:%' AND node IN (${alive})${condition} ORDER BY id LIMIT $3`
  return {
    tell: prepare(`WITH before AS (
  SELECT alive_until FROM ${table} WHERE id = 'node:' || $1::text FOR UPDATE
), node AS (
  INSERT INTO ${table} (id, node, alive_until, sessions) VALUES ('node:' || $1::text, $1::text, $2::bigint, $4::bigint)
  ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until, sessions = excluded.sessions
), present AS (
  INSERT INTO ${table} AS told (id, node, subject, entry)
  SELECT said.id, $1::text, said.subject, said.entry FROM json_to_recordset($5::text::json) AS said (id text, subject text, entry text)
  ON CONFLICT (id) DO UPDATE SET node = excluded.node, entry = excluded.entry
  WHERE told.node = excluded.node
  OR coalesce((SELECT owner.alive_until FROM ${table} AS owner WHERE owner.id = 'node:' || told.node), 0) <= $2::bigint
), gone AS (
  DELETE FROM ${table} WHERE node = $1::text AND id IN (SELECT json_array_elements_text($6::text::json))
)
SELECT CASE WHEN nullif($7, '')::bigint IS NOT DISTINCT FROM (SELECT alive_until FROM before) AND coalesce(nullif($7, '')::bigint > $3::bigint, true)
  THEN 'in_step' ELSE 'out_of_step' END AS step`),
    list: prepare(page('')),
    listOf: prepare(page(' AND subject = $4')),
    count: prepare(
      `SELECT coalesce(sum(sessions), 0)::text AS sessions FROM ${table} WHERE id LIKE 'node:%' AND alive_until > $1::bigint`,
    ),
    // The row of a node is locked meanwhile, and says then that it is void: one that comes back waits for that, and is out of step. It goes last.
    sweep: prepare(`WITH dead AS MATERIALIZED (
  SELECT node, alive_until FROM ${table} WHERE id LIKE 'node:%' AND alive_until <= $1::bigint FOR UPDATE SKIP LOCKED
), void AS (
  UPDATE ${table} SET alive_until = 0 WHERE id IN (SELECT 'node:' || node FROM dead WHERE alive_until > 0)
)
DELETE FROM ${table} AS swept USING dead WHERE swept.node = dead.node
AND (swept.alive_until IS NULL OR swept.alive_until = 0 AND NOT EXISTS (SELECT FROM ${table} AS its WHERE its.node = dead.node AND its.alive_until IS NULL))
AND swept.ctid = ANY (ARRAY (SELECT ctid FROM ${table} WHERE node IN (SELECT node FROM dead) ORDER BY alive_until NULLS FIRST LIMIT 1000 FOR UPDATE SKIP LOCKED))`),
  }
}
