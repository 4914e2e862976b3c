import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type PostgresServer,
  type PostgresStandby,
  startPostgres,
  startStandby,
  unsynced,
} from 'wsticket-engines/postgres'
import type { Subject } from '../../src/credential.ts'
import { createPostgresLogStatements } from '../../src/postgres-log-statements.ts'
import { entryAgeMs, type LoggedEntry, type LogPosition, type SessionEntry } from '../../src/session-log.ts'
import {
  createPostgresSessionLog,
  type PostgresSessionLogOptions,
  postgresLogSchema,
} from '../../src/session-logs/postgres.ts'
import { at } from '../core/fixtures.ts'
import { harnessOf, itConformsAsLog, type OpenedLog } from '../session-logs/log-suite.ts'
import { type Connect, clients, connectPg, patienceMs, patient } from './postgres-harness.ts'

const entry: SessionEntry = {
  kind: 'revocation',
  selector: { kind: 'subject', subject: 'https://issuer.example#a' as Subject },
  at: at(1),
}
const text = JSON.stringify(entry)
const creators = 8

let server: PostgresServer
let standby: PostgresStandby
const opened: OpenedLog[] = []

beforeAll(async () => {
  server = await startPostgres(unsynced)
  standby = await startStandby(server)
  await server.query('CREATE ROLE guest LOGIN')
})
afterEach(async () => {
  for (const { log, end } of opened.splice(0)) {
    await log.close()
    await end()
  }
})
afterAll(async () => {
  await standby?.dispose()
  await server?.dispose()
})

interface Opening extends PostgresSessionLogOptions {
  readonly connect?: Connect
  readonly url?: string
}

function connectLog({ connect = connectPg, url = server.url, ...options }: Opening): OpenedLog {
  const { driver, end } = connect(url)
  return { log: createPostgresSessionLog(driver, options), end }
}

/** A log that ends with the test. */
function openLog(table: string, opening: Opening = {}) {
  const one = connectLog({ table, ...opening })
  opened.push(one)
  return one.log
}

function entriesOf(read: readonly LoggedEntry[] | 'lost'): readonly LoggedEntry[] {
  if (read === 'lost') throw new TypeError('it should not be lost')
  return read
}

describe.each(clients)('the log in PostgreSQL over %s', (client, connect) => {
  const table = `conforming_${client.replace('.', '_')}`
  itConformsAsLog(() =>
    harnessOf(
      async () => connectLog({ connect, table }),
      // As a server that is put back: the same ids are drawn again.
      () => server.query(`${postgresLogSchema(table)}; TRUNCATE ${table} RESTART IDENTITY`),
    ),
  )

  it('creates the table that postgresLogSchema says, where there is none, also for many at once', async () => {
    const [made, documented] = [`made_${table}`, `documented_${table}`]
    // Each waits for all the others.
    const opening = { connect: patient(connect), deadlineMs: patienceMs }
    const logs = Array.from({ length: creators }, () => openLog(made, opening))
    await Promise.all(logs.map((log) => log.append(entry)))
    await server.query(postgresLogSchema(documented))
    const dump = async (name: string) => {
      const schema = await server.run('pg_dump', '--schema-only', `--table=${name}`, server.url)
      // A server numbers the name of a sequence where another had it a moment ago.
      return schema
        .replaceAll(name, 'table')
        .replaceAll(/_id_seq\d+/g, '_id_seq')
        .replaceAll(/^\\.*$/gm, '')
    }
    expect(await dump(made)).toBe(await dump(documented))
    expect(await dump(made)).toContain('CREATE TABLE public.table')
    expect(await openLog(made, { connect }).readAfter(null, 99)).toHaveLength(creators)
  })
})

describe('the order of the log in PostgreSQL', () => {
  const writers = 6
  const each = 60

  it('is that in which entries come into sight: no later look finds one in front of what was read', async () => {
    const table = 'raced'
    // Two spell the name differently, and draw from the same sequence.
    const logs = Array.from({ length: writers }, (_, n) => openLog(n % 2 === 0 ? table : `public.${table}`))
    const reader = openLog(table)
    await reader.append(entry)
    let writing = true
    const written = Promise.all(
      logs.map(async (log) => {
        for (let n = 0; n < each; n += 1) await log.append(entry)
      }),
    ).finally(() => {
      writing = false
    })
    const seen: string[] = []
    let position: LogPosition | null = null
    for (let isLast = false; !isLast; ) {
      isLast = !writing
      for (const { position: next } of entriesOf(await reader.readAfter(position, 1000))) {
        seen.push(next)
        position = next
      }
    }
    await written
    const all = entriesOf(await reader.readAfter(null, 10_000)).map((logged) => logged.position as string)
    expect(seen).toEqual(all)
    expect(all).toHaveLength(writers * each + 1)
  })

  it('is kept by whoever has the turn until the commit: the id is drawn behind the lock', async () => {
    await server.query(postgresLogSchema('turns'))
    const { append } = createPostgresLogStatements('"turns"')
    const { pool } = connectPgPool()
    const [one, other] = [await pool.connect(), await pool.connect()]
    const put = (connection: typeof one, nonce: string) =>
      connection.query(append(nonce, text, entryAgeMs).text, [nonce, text, entryAgeMs])
    await one.query('BEGIN')
    await put(one, 'first')
    let isWritten = false
    const second = put(other, 'second').then(() => {
      isWritten = true
    })
    const waiting = `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'`
    await expect.poll(() => server.query(waiting)).toBe('1')
    // Not drawn yet.
    expect(await server.query(`SELECT last_value FROM turns_id_seq`)).toBe('1')
    expect(isWritten).toBe(false)
    await one.query('COMMIT')
    await second
    expect(await server.query(`SELECT string_agg(id || nonce, ' ' ORDER BY id) FROM turns`)).toBe('1first 2second')
    for (const connection of [one, other]) connection.release()
  })

  function connectPgPool() {
    // Else the server gives up on who waits for the turn, on a busy machine before anybody has seen it.
    const connected = connectPg(server.url, { statement_timeout: 60_000 })
    opened.push({ log: createPostgresSessionLog(connected.driver), end: connected.end })
    return connected
  }
})

describe('the log in PostgreSQL', () => {
  async function fill(table: string, ages: string): Promise<void> {
    await server.query(`${postgresLogSchema(table)};
      INSERT INTO ${table} (nonce, entry, written_at) SELECT 'n' || n, '${text}', now() - ${ages} FROM generate_series(1, 70) AS n`)
  }

  it('drops what has an old entry behind it, 64 at a time, and no more', async () => {
    await fill('aged', `interval '1 day 1 minute'`)
    const log = openLog('aged')
    const sizes: number[] = []
    for (let n = 0; n < 3; n += 1) {
      await log.append(entry)
      sizes.push(entriesOf(await log.readAfter(null, 1000)).length)
    }
    // The last of the old ones stays: what stands behind it is new.
    expect(sizes).toEqual([7, 3, 4])
    expect(await log.readAfter('69/n69' as LogPosition, 9)).toBe('lost')
    expect(await log.readAfter('70/n70' as LogPosition, 9)).toHaveLength(3)
  })

  it('leaves no hole where the clock of the server went back', async () => {
    // The tenth was written by a clock that was ahead.
    await fill('reset', `CASE n WHEN 10 THEN interval '0' ELSE interval '2 days' END`)
    const log = openLog('reset')
    await log.append(entry)
    const [first, ...more] = entriesOf(await log.readAfter(null, 1000))
    expect(first?.position).toBe('9/n9')
    expect(more).toHaveLength(62)
  })

  it('is lost where another entry stands at the position, and for a position of nothing', async () => {
    const log = openLog('replaced')
    const position = await log.append(entry)
    await server.query(
      `TRUNCATE replaced RESTART IDENTITY; INSERT INTO replaced (nonce, entry) VALUES ('another', '${text}')`,
    )
    for (const gone of [position, '1', '1-0/another', `${'9'.repeat(20)}/another`, '01/another'])
      expect(await log.readAfter(gone as LogPosition, 9)).toBe('lost')
    expect(await log.readAfter('1/another' as LogPosition, 9)).toEqual([])
  })

  it.each([
    ['to an id that is taken', 3],
    ['behind what is read, where nothing is any more', 1],
  ])('writes nothing where its ids were set back %s, says what to do, and goes on', async (_, last) => {
    const table = `set_back_${last}`
    const log = openLog(table)
    for (let n = 0; n < 5; n += 1) await log.append(entry)
    await server.query(`DELETE FROM ${table} WHERE id < 4; SELECT setval('${table}_id_seq', ${last})`)
    const refused: unknown = await log.append(entry).catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: 'StoreError', code: 'malformed' })
    const [advice = ''] = /SELECT setval.*/.exec((refused as Error).message) ?? []
    expect(await server.query(`SELECT count(*) FROM ${table}`)).toBe('2')
    await server.query(advice)
    expect(await log.append(entry)).toMatch(/^6\//)
  })

  it.each([
    ['another text', 'n', '{}'],
    ['an odd nonce', 'a b', text],
    ['a member more', 'n', JSON.stringify({ ...entry, only: 'sometimes' })],
    ['no JSON', 'n', 'DROP'],
  ])('skips no entry that is none: %s', async (_, nonce, written) => {
    const log = openLog('strange')
    const position = await log.append(entry)
    await server.query(`INSERT INTO strange (nonce, entry) VALUES ('${nonce}', '${written}')`)
    // Whatever stands in front of it is read.
    expect(await log.readAfter(null, 9)).toMatchObject([{ position }])
    await expect(log.readAfter(position, 9)).rejects.toMatchObject({ name: 'StoreError', code: 'malformed' })
    await server.query('TRUNCATE strange')
  })

  it('is not read on a standby, also where a client has been led there since it looked', async () => {
    await server.query(postgresLogSchema('followed'))
    await standby.untilInStep()
    const log = openLog('followed', { url: standby.url })
    for (const asked of [() => log.readAfter(null, 9), () => log.append(entry)])
      await expect(asked()).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('is a standby'),
      })
    const { driver, end } = connectPg(standby.url)
    const led = driver.query(createPostgresLogStatements('"followed"').readFrom(0, 9), { over: false })
    await expect(led).rejects.toMatchObject({ code: '22012' })
    await end()
  })

  it.each([
    [
      'unlogged',
      (name: string) => `ALTER TABLE ${name} SET UNLOGGED`,
      'must be LOGGED',
      (name: string) => `ALTER TABLE "${name}" SET LOGGED`,
    ],
    [
      'cached',
      (name: string) => `ALTER TABLE ${name} ALTER id SET CACHE 100`,
      'must count up',
      (name: string) => `ALTER TABLE "${name}" ALTER id SET CACHE 1 SET INCREMENT 1 SET NO CYCLE`,
    ],
    [
      'cycling',
      (name: string) => `ALTER TABLE ${name} ALTER id SET CYCLE`,
      'must count up',
      (name: string) => `ALTER TABLE "${name}" ALTER id SET CACHE 1 SET INCREMENT 1 SET NO CYCLE`,
    ],
    [
      'given',
      (name: string) => `ALTER TABLE ${name} ALTER id SET GENERATED BY DEFAULT`,
      'postgresLogSchema',
      (name: string) => `DROP TABLE "${name}"`,
    ],
    [
      'filtered',
      (name: string) =>
        `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; GRANT ALL ON ${name} TO guest`,
      'must show all of its rows',
      (name: string) => `ALTER TABLE "${name}" DISABLE ROW LEVEL SECURITY`,
    ],
  ])(
    'refuses a table that is %s, and takes it once that is mended as it says',
    async (name, spoil, complaint, mend) => {
      await server.query(`${postgresLogSchema(name)}; ${spoil(name)}; GRANT SELECT, INSERT, DELETE ON ${name} TO guest`)
      const log = openLog(name, { url: server.url.replace('postgres@', 'guest@') })
      await expect(log.append(entry)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining(complaint),
      })
      const said = await log.append(entry).catch(({ message }: Error) => message)
      expect(said).toContain(mend(name))
      await server.query(name === 'given' ? `ALTER TABLE ${name} ALTER id SET GENERATED ALWAYS` : mend(name))
      await expect.poll(() => log.append(entry).catch(() => null)).toMatch(/^1\//)
      expect(await log.readAfter(null, 9)).toHaveLength(1)
    },
  )

  it('says what to run where there is no table and the role may not make one', async () => {
    await server.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
    const log = openLog('denied', { url: server.url.replace('postgres@', 'guest@') })
    await expect(log.readAfter(null, 9)).rejects.toMatchObject({
      code: 'unavailable',
      message: `postgres is of no use: table is not there, and this role cannot create it; let its owner run: ${postgresLogSchema('denied')}`,
    })
  })
})
