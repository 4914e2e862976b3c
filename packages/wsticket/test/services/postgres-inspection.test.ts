import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type PostgresServer,
  type PostgresStandby,
  startPostgres,
  startStandby,
  unsynced,
} from 'wsticket-engines/postgres'
import { systemClock } from '../../src/clock.ts'
import { createPostgresStore, type PostgresStoreOptions, postgresSchema } from '../../src/stores/postgres.ts'
import { newId, sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import {
  type Connect,
  type Connected,
  clients,
  connectPg,
  connectPostgresJs,
  patienceMs,
  patient,
} from './postgres-harness.ts'

const rounds = 5
const creators = 8

let server: PostgresServer
let standby: PostgresStandby
const connections: Connected[] = []

beforeAll(async () => {
  server = await startPostgres(unsynced)
  standby = await startStandby(server)
  await server.query(
    'CREATE ROLE guest LOGIN; CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on',
  )
})

afterEach(async () => {
  for (const connected of connections.splice(0)) await connected.end()
})

afterAll(async () => {
  await standby?.dispose()
  await server.dispose()
})

interface Opening extends PostgresStoreOptions {
  readonly url?: string
}

function open(connect: Connect, { url = server.url, ...options }: Opening = {}): TicketStore {
  const connected = connect(url)
  connections.push(connected)
  return createPostgresStore(connected.driver, options)
}

function urlAs(role: string): string {
  return server.url.replace('postgres@', `${role}@`)
}

/** What a store says that finds itself on an engine that is of no use: when asked, and to every question. */
async function complaintOf(store: TicketStore): Promise<unknown> {
  const complaint: unknown = await store.inspect().catch((error: unknown) => error)
  const now = systemClock()
  await expect(store.insert(sampleRecord(now))).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' })
  await expect(store.redeem(newId(), now)).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' })
  return complaint
}

describe.each(clients)('the PostgreSQL store over %s, when it inspects its server', (client, connect) => {
  const prefix = client === 'pg' ? 'node' : 'js'

  it('says which version it is, and what holds there', async () => {
    const { engine, guarantee, weaknesses } = await open(connect).inspect()
    expect(engine).toMatch(/^postgres \d+\.\d+$/)
    expect(guarantee).toContain('at most once')
    expect(weaknesses).toEqual([])
  })

  it('says what is not prevented: rows that are put back into the server that runs are good again', async () => {
    const table = `${prefix}_restored`
    const store = open(connect, { table })
    const record = sampleRecord(systemClock())
    await store.insert(record)
    await server.query(`CREATE TABLE ${table}_backup AS SELECT * FROM ${table}`)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
    await server.query(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM ${table}_backup`)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
    expect((await store.inspect()).guarantee).toContain('rows that are put back, `reign` included, into the server')
  })

  it('creates the table that postgresSchema says, where there is none', async () => {
    const [made, documented] = [`${prefix}_made`, `${prefix}_documented`]
    await open(connect, { table: made }).inspect()
    await server.query(postgresSchema(documented))
    const dump = async (table: string) => {
      const text = await server.run('pg_dump', '--schema-only', `--table=${table}`, server.url)
      return text.replaceAll(table, 'table').replaceAll(/^\\.*$/gm, '')
    }
    expect(await dump(made)).toBe(await dump(documented))
    expect(await dump(made)).toContain('CREATE UNLOGGED TABLE')
  })

  it(`lets ${creators} create the table at once`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const options = { table: `${prefix}_race_${round}`, deadlineMs: patienceMs }
      // Each waits for all the others.
      const stores = Array.from({ length: creators }, () => open(patient(connect), options))
      const inspections = await Promise.all(stores.map((store) => store.inspect()))
      expect(inspections).toHaveLength(creators)
    }
  })

  it('takes a table in another schema', async () => {
    await server.query(`CREATE SCHEMA ${prefix}_auth`)
    const store = open(connect, { table: `${prefix}_auth.tickets` })
    const record = sampleRecord(systemClock())
    await store.insert(record)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
    expect(await server.query(`SELECT count(*) FROM ${prefix}_auth.tickets`)).toBe('1')
  })

  it('refuses a standby', async () => {
    expect(await complaintOf(open(connect, { url: standby.url }))).toMatchObject({
      name: 'ConfigurationError',
      message: 'driver must reach the primary: this server is a standby',
    })
  })

  it('refuses a session that may only read', async () => {
    expect(await complaintOf(open(connect, { url: urlAs('reader') }))).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining('default_transaction_read_only'),
    })
  })

  it('refuses a server that would wait for ever, and takes one that is told by the role not to', async () => {
    const [role, table] = [`${prefix}_patient`, `${prefix}_patience`]
    await server.query(`CREATE ROLE ${role} LOGIN; ${postgresSchema(table)}; GRANT ALL ON ${table} TO ${role}`)
    // As behind a PgBouncer, which refuses the parameter: `undefined` leaves it out.
    const silent = (url: string) =>
      client === 'pg' ? connectPg(url, { statement_timeout: undefined }) : connectPostgresJs(url, { connection: {} })
    expect(await complaintOf(open(silent, { url: urlAs(role), table }))).toMatchObject({
      name: 'ConfigurationError',
      option: 'statement_timeout',
      message: expect.stringContaining('ALTER ROLE ... SET statement_timeout = 1500'),
    })
    await server.query(`ALTER ROLE ${role} SET statement_timeout = 1500`)
    expect((await open(silent, { url: urlAs(role), table }).inspect()).weaknesses).toEqual([])
    await server.query(`ALTER ROLE ${role} SET statement_timeout = '1min'`)
    expect((await open(silent, { url: urlAs(role), table }).inspect()).weaknesses).toEqual([
      expect.stringContaining('for up to 60000 ms, and the store for 2000 ms'),
    ])
  })

  it('says what to run where its role may not create the table', async () => {
    const complaint = await complaintOf(open(connect, { url: urlAs('guest'), table: `${prefix}_denied` }))
    expect(complaint).toMatchObject({ name: 'ConfigurationError', option: 'table' })
    expect((complaint as Error).message).toContain(postgresSchema(`${prefix}_denied`))
  })

  it('says what to run where there is no such schema', async () => {
    const complaint = await complaintOf(open(connect, { table: `${prefix}_nowhere.tickets` }))
    expect((complaint as Error).message).toContain(postgresSchema(`${prefix}_nowhere.tickets`))
  })

  it('says which rights its role lacks', async () => {
    await server.query(
      `${postgresSchema(`${prefix}_locked`)}; GRANT SELECT, INSERT, UPDATE ON ${prefix}_locked TO guest`,
    )
    const url = urlAs('guest')
    expect(await complaintOf(open(connect, { url, table: `${prefix}_locked` }))).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining('GRANT SELECT, INSERT, UPDATE, DELETE'),
    })
    await server.query(`GRANT DELETE ON ${prefix}_locked TO guest`)
    await open(connect, { url, table: `${prefix}_locked` }).inspect()
  })

  it('refuses a logged table, and takes it when it is logged no more', async () => {
    const table = `${prefix}_logged`
    await server.query(postgresSchema(table).replace('UNLOGGED ', ''))
    const store = open(connect, { table })
    expect(await complaintOf(store)).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining(`ALTER TABLE "${table}" SET UNLOGGED`),
    })
    await server.query(`ALTER TABLE ${table} SET UNLOGGED`)
    expect((await store.inspect()).weaknesses).toEqual([])
  })

  it.each([
    ['a view', (name: string) => `CREATE VIEW ${name} AS SELECT 1 AS id`, 'plain table'],
    ['a table without a key', (name: string) => postgresSchema(name).replace(' PRIMARY KEY', ''), 'postgresSchema'],
    [
      'a table of other columns',
      (name: string) => `CREATE UNLOGGED TABLE ${name} (id text PRIMARY KEY)`,
      'postgresSchema',
    ],
    [
      'a table whose expiry is a number of another kind',
      (name: string) => postgresSchema(name).replace('expires_at bigint', 'expires_at integer'),
      'postgresSchema',
    ],
  ])('refuses %s', async (described, statement, expected) => {
    const table = `${prefix}_${described.replaceAll(' ', '_')}`
    await server.query(statement(table))
    expect(await complaintOf(open(connect, { table }))).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining(expected),
    })
  })

  it('takes a table with more columns than its own', async () => {
    const table = `${prefix}_wider`
    await server.query(`${postgresSchema(table)}; ALTER TABLE ${table} ADD COLUMN made_at timestamptz DEFAULT now()`)
    const record = sampleRecord(systemClock())
    const store = open(connect, { table })
    await store.insert(record)
    expect(await store.redeem(record.id, systemClock())).toEqual({ kind: 'redeemed', record })
  })

  it.each([
    [
      'a trigger',
      (name: string) => `CREATE OR REPLACE FUNCTION revive() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.state = ''pending''; RETURN NEW; END';
        CREATE TRIGGER reviving BEFORE UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION revive()`,
      (name: string) => `DROP TRIGGER reviving ON ${name}`,
    ],
    [
      'a rule',
      (name: string) => `CREATE RULE reviving AS ON UPDATE TO ${name} WHERE NEW.state = 'redeemed' DO ALSO
        INSERT INTO ${name} (id, record, expires_at) VALUES (NEW.id || ' again', NEW.record, NEW.expires_at)`,
      (name: string) => `DROP RULE reviving ON ${name}`,
    ],
  ])('refuses a table with %s, which can bring a spent ticket back', async (what, add, drop) => {
    const table = `${prefix}_${what.replace(' ', '_')}`
    await server.query(`${postgresSchema(table)}; ${add(table)}`)
    const store = open(connect, { table })
    expect(await complaintOf(store)).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining(
        `no triggers and no rules, which can undo what is written: drop those of "${table}"`,
      ),
    })
    await server.query(drop(table))
    expect((await store.inspect()).weaknesses).toEqual([])
  })

  it('says that an encoding cannot write every claim', async () => {
    await server.query(`CREATE DATABASE ${prefix}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
    const { weaknesses } = await open(connect, { url: server.url.replace(/postgres$/, `${prefix}_latin`) }).inspect()
    expect(weaknesses).toEqual([expect.stringContaining('not UTF8')])
  })
})
