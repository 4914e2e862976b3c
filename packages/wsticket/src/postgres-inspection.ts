/**
 * Looks at a PostgreSQL server and at a table, and tells whether they can keep the promise of the port.
 * @module
 */
import type { Asker } from './asker.ts'
import { ConfigurationError } from './errors.ts'
import type { PostgresDriver, Row } from './postgres-driver.ts'
import { prepare, quote } from './postgres-statements.ts'
import type { TableRequirement, TableShape } from './postgres-tables.ts'
import type { StoreInspection } from './ticket-store.ts'

const guarantee =
  'A ticket is redeemed at most once, by the start of the server that issued it: a restart, a crash, a promoted standby or a ' +
  'restored backup voids what is outstanding. One more is possible for rows that are put back, `reign` included, into the server ' +
  'that runs, and with a machine that is put back with its memory.'

const questions = `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
  current_setting('server_encoding') AS encoding,
  pg_is_in_recovery()::text AS standby,
  current_setting('transaction_read_only') AS read_only,
  current_setting('transaction_isolation') AS isolation,
  (SELECT setting FROM pg_settings WHERE name = 'statement_timeout') AS patience,
  relkind::text AS kind,
  relpersistence::text AS persistence,
  (SELECT string_agg(concat_ws(' ', attname, atttypid::regtype, CASE attidentity WHEN 'a' THEN 'identity' END), ',')
    FROM pg_attribute WHERE attrelid = found AND attnum > 0 AND NOT attisdropped) AS columns,
  EXISTS (SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    WHERE indrelid = found AND indisunique AND indisvalid AND indpred IS NULL AND indnkeyatts = 1
    AND attname = 'id')::text AS keyed,
  EXISTS (SELECT FROM pg_trigger WHERE tgrelid = found AND NOT tgisinternal)::text AS triggered,
  EXISTS (SELECT FROM pg_rewrite WHERE ev_class = found)::text AS rewritten,
  EXISTS (SELECT FROM pg_depend JOIN pg_sequence ON seqrelid = objid WHERE refobjid = found AND deptype = 'i'
    AND seqincrement = 1 AND seqcache = 1 AND NOT seqcycle)::text AS counting,
  row_security_active(found)::text AS filtered,
  (SELECT string_agg(privilege, ',') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
    WHERE has_table_privilege(found, privilege)) AS privileges
FROM to_regclass($1) AS found LEFT JOIN pg_class ON pg_class.oid = found`

const lookAt = prepare(questions)

/** Who inspects, and what. */
export interface Inspection {
  readonly driver: PostgresDriver
  readonly asker: Asker
  readonly table: string
  readonly shape: TableShape
  /** How long the store waits for an answer, in milliseconds. */
  readonly deadlineMs: number
}

/**
 * Looks at the server and at the table, and creates the table where there is none.
 * @throws ConfigurationError where nothing could be kept there, or not as the port says.
 */
export async function inspectTable(inspection: Inspection): Promise<StoreInspection> {
  const { driver, asker, table, shape, deadlineMs } = inspection
  const look = async () => ((await driver.query(lookAt(quote(table)), asker)) as [Row])[0]
  const first = await look()
  requirePrimary(first)
  requireImpatience(first)
  if (first.kind === null) await create(inspection)
  const found = first.kind === null ? await look() : first
  requireTable(found, quote(table), shape)
  return { engine: `postgres ${String(found.version)}`, guarantee, weaknesses: weaknessesOf(found, deadlineMs) }
}

function requirePrimary({ standby, read_only }: Row): void {
  if (standby !== 'false') throw new ConfigurationError('driver', 'must reach the primary: this server is a standby')
  if (read_only !== 'off')
    throw new ConfigurationError('driver', 'must be able to write: turn default_transaction_read_only off for its role')
}

/** Who is refused here goes away; the server does not notice while it waits for a lock, and keeps a connection for it. */
function requireImpatience({ patience }: Row): void {
  if (patience === '0')
    throw new ConfigurationError(
      'statement_timeout',
      'must not be 0, or the server waits for a lock for ever: use pgOptions or postgresJsOptions, or behind a PgBouncer ALTER ROLE ... SET statement_timeout = 1500',
    )
}

// What the catalogue says to all but one who create the same table at once: it has this name already, or this type, or both.
const createdByAnother = ['23505', '42P07', '42710']
// No right to, or no such schema.
const creationDenied = ['42501', '3F000']

async function create({ driver, asker, table, shape }: Inspection): Promise<void> {
  const text = shape.schema(table)
  try {
    await driver.query(prepare(text)(), asker)
  } catch (error) {
    const code = String((error as { code?: unknown } | null)?.code)
    if (createdByAnother.includes(code)) return
    if (!creationDenied.includes(code)) throw error
    throw new ConfigurationError('table', `is not there, and this role cannot create it; let its owner run: ${text}`)
  }
}

function requireTable(found: Row, name: string, { schemaName, columns, privileges, requirements }: TableShape): void {
  const hasAll = (list: unknown, wanted: readonly string[]) => {
    const there = String(list).split(',')
    return wanted.every((item) => there.includes(item))
  }
  const all: readonly TableRequirement[] = [
    [found.kind === 'r', 'must be a plain table, and no view, partition or foreign table'],
    [
      hasAll(found.columns, columns) && found.keyed === 'true',
      `must be made as ${schemaName} says: name another, or DROP TABLE ${name}`,
    ],
    ...requirements(found, name),
    [
      found.triggered === 'false' && found.rewritten === 'false',
      `must have no triggers and no rules, which can undo what is written: drop those of ${name}`,
    ],
    [hasAll(found.privileges, privileges), `must be granted: GRANT ${privileges.join(', ')} ON ${name} TO the role`],
  ]
  const missed = all.find(([holds]) => !holds)
  if (missed !== undefined) throw new ConfigurationError('table', missed[1])
}

function weaknessesOf({ encoding, isolation, patience }: Row, deadlineMs: number): readonly string[] {
  const weaknesses: readonly (readonly [boolean, string])[] = [
    [
      encoding !== 'UTF8' && encoding !== 'SQL_ASCII',
      'The encoding is not UTF8, and no ticket is issued whose claims it cannot write: use another database.',
    ],
    [
      isolation !== 'read committed',
      `Who loses a race is told of a fault, at the isolation of this role: SET default_transaction_isolation = 'read committed'.`,
    ],
    [
      Number(patience) > deadlineMs,
      `The server waits for a lock for up to ${String(patience)} ms, and the store for ${deadlineMs} ms: a ticket may be spent whose bearer was refused before. Set statement_timeout to less.`,
    ],
  ]
  return weaknesses.filter(([holds]) => holds).map(([, sentence]) => sentence)
}
