import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { fromPg, pgOptions } from '../../src/drivers/pg.ts'
import { fromPostgresJs, postgresJsOptions } from '../../src/drivers/postgres-js.ts'
import { createPostgresSessionLog, postgresLogSchema } from '../../src/session-logs/postgres.ts'
import { createPostgresStore, postgresSchema } from '../../src/stores/postgres.ts'

// Nothing listens there, and nothing here asks it anything.
const url = 'postgres://user@127.0.0.1:1/database'

function refusal(create: () => unknown): unknown {
  try {
    return create()
  } catch (error) {
    return error
  }
}

function configurationError(option: string) {
  return expect.objectContaining({ name: 'ConfigurationError', option })
}

describe('createPostgresStore', () => {
  const driver = fromPg(new pg.Pool({ connectionString: url, ...pgOptions }))

  it.each(['tickets', '_t', 'auth.tickets', 'order', 'a'.repeat(63), `${'s'.repeat(63)}.${'t'.repeat(63)}`])(
    'takes the table %s',
    (table) => {
      expect(createPostgresStore(driver, { table }).name).toBe('postgres')
      expect(postgresSchema(table)).toContain(`"${table.replace('.', '"."')}"`)
    },
  )

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a.b.c',
    'Tickets',
    '1st',
    'a-b',
    'a b',
    'a"b',
    `a'; DROP TABLE b; --`,
    'ticketś',
    'a\n',
  ])('refuses the table %j', (table) => {
    expect(refusal(() => createPostgresStore(driver, { table }))).toEqual(configurationError('table'))
    expect(refusal(() => postgresSchema(table))).toEqual(configurationError('table'))
  })

  it('refuses a name that is longer than the server keeps', () => {
    const table = 'a'.repeat(64)
    expect(refusal(() => createPostgresStore(driver, { table }))).toEqual(configurationError('table'))
  })

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses a deadline of %d ms', (deadlineMs) => {
    expect(refusal(() => createPostgresStore(driver, { deadlineMs }))).toEqual(configurationError('deadlineMs'))
  })
})

describe('createPostgresSessionLog', () => {
  const driver = fromPg(new pg.Pool({ connectionString: url, ...pgOptions }))

  it('has a table beside that of the tickets, unless it is told another', () => {
    expect(createPostgresSessionLog(driver).name).toBe('postgres')
    expect(postgresLogSchema()).toContain('"wsticket_tickets_log"')
    expect(postgresLogSchema('auth.log')).toContain('"auth"."log"')
  })

  it.each(['', 'a b', `a'; DROP TABLE b; --`, 'a'.repeat(64)])('refuses the table %j', (table) => {
    expect(refusal(() => createPostgresSessionLog(driver, { table }))).toEqual(configurationError('table'))
    expect(refusal(() => postgresLogSchema(table))).toEqual(configurationError('table'))
  })

  it.each([0, -1, 0.5, Number.NaN])('refuses a deadline of %d ms', (deadlineMs) => {
    expect(refusal(() => createPostgresSessionLog(driver, { deadlineMs }))).toEqual(configurationError('deadlineMs'))
  })
})

describe('fromPg', () => {
  const poolOf = (options: pg.PoolConfig) => new pg.Pool({ connectionString: url, ...options })

  it('takes a pool with pgOptions, which nobody can change', () => {
    expect(fromPg(poolOf(pgOptions))).toHaveProperty('query')
    expect(Object.isFrozen(pgOptions)).toBe(true)
  })

  it.each([undefined, 0, 5001, 60_000])(
    'refuses a pool that waits %s ms for a connection',
    (connectionTimeoutMillis) => {
      const options = connectionTimeoutMillis === undefined ? {} : { connectionTimeoutMillis }
      expect(refusal(() => fromPg(poolOf(options)))).toEqual(configurationError('connectionTimeoutMillis'))
    },
  )

  it('listens for the errors of a pool that nobody listens to', () => {
    const [lonely, watched] = [poolOf(pgOptions), poolOf(pgOptions)]
    watched.on('error', () => {})
    for (const pool of [lonely, watched]) {
      fromPg(pool)
      fromPg(pool)
      expect([pool.listenerCount('error'), pool.listenerCount('connect')]).toEqual([1, 1])
    }
  })
})

describe('fromPostgresJs', () => {
  const driverOf = (options: Parameters<typeof postgres>[1] & { readonly max_pipeline?: number | undefined }) =>
    fromPostgresJs(() => postgres(url, { ...postgresJsOptions, ...options }))

  it('takes a client with postgresJsOptions, which nobody can change', () => {
    expect(driverOf({})).toHaveProperty('query')
    expect(Object.isFrozen(postgresJsOptions)).toBe(true)
    expect(Object.isFrozen(postgresJsOptions.connection)).toBe(true)
  })

  it('takes a client whose numbers are of other types', () => {
    expect(driverOf({ types: { bigint: postgres.BigInt } })).toHaveProperty('query')
  })

  it.each([
    ['connect_timeout', { connect_timeout: 30 }],
    ['connect_timeout', { connect_timeout: 0 }],
    ['backoff', { backoff: (failures: number) => Math.min(3 ** failures / 100, 20) }],
    ['max_pipeline', { max_pipeline: 1 }],
    ['max_pipeline', { max_pipeline: undefined }],
    ['transform', { transform: postgres.camel }],
    ['transform', { transform: { value: (value: unknown) => value } }],
    ['transform', { transform: { row: (row: postgres.Row) => row } }],
  ])('refuses a client by its %s', (option, options) => {
    expect(refusal(() => driverOf(options))).toEqual(configurationError(option))
  })

  it('refuses a client of two hosts', () => {
    const open = () => postgres('postgres://user@127.0.0.1:1,127.0.0.1:2/database', postgresJsOptions)
    expect(refusal(() => fromPostgresJs(open))).toEqual(configurationError('host'))
  })

  it('refuses a client with the defaults of postgres.js', () => {
    expect(refusal(() => fromPostgresJs(() => postgres(url)))).toMatchObject({ name: 'ConfigurationError' })
  })

  it('refuses a client that is always the same, for others may use it, too', () => {
    const shared = postgres(url, postgresJsOptions)
    expect(refusal(() => fromPostgresJs(() => shared))).toEqual(configurationError('open'))
    const untyped = fromPostgresJs as (client: unknown) => unknown
    expect(refusal(() => untyped(shared))).toEqual(configurationError('open'))
  })
})
