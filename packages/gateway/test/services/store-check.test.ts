import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startNats } from 'wsticket-engines/nats'
import { type PostgresServer, startPostgres, unsynced } from 'wsticket-engines/postgres'
import { startRedis } from 'wsticket-engines/redis'
import { startRedisCluster } from 'wsticket-engines/redis-cluster'
import { startRedisSentinel } from 'wsticket-engines/redis-sentinel'
import { until } from 'wsticket-engines/until'
import { run, start } from './program.ts'

/** An engine that is checked, and what can be seen of it behind the back of the store. */
interface CheckedEngine {
  readonly url: string
  /** Names of what it holds. */
  contents(): Promise<string>
  dispose(): Promise<void>
}

async function checkedRedis(): Promise<CheckedEngine> {
  const redis = await startRedis()
  await redis.command('SET', 'wsticket:somebody-elses', '1')
  return { ...redis, url: redis.url, contents: () => redis.command('KEYS', '*') }
}

async function checkedSentinel(): Promise<CheckedEngine> {
  const sentinel = await startRedisSentinel()
  const hosts = sentinel.addresses.map(({ host, port }) => `${host}:${port}`).join(',')
  const url = `redis+sentinel://${hosts}/${sentinel.name}`
  return { ...sentinel, url, contents: async () => (await sentinel.primary()).command('KEYS', '*') }
}

async function checkedCluster(): Promise<CheckedEngine> {
  const cluster = await startRedisCluster()
  const hosts = cluster.addresses.map(({ host, port }) => `${host}:${port}`).join(',')
  const contents = async () => {
    const keys = (await cluster.primaries()).map((node) => node.command('KEYS', '*'))
    return (await Promise.all(keys)).join('\n')
  }
  return { ...cluster, url: `redis+cluster://${hosts}`, contents }
}

async function checkedPostgres(): Promise<CheckedEngine> {
  const postgres = await startPostgres(unsynced)
  const names = `SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'public'::regnamespace`
  return { ...postgres, url: `${postgres.url}?application_name=check`, contents: () => postgres.query(names) }
}

async function checkedNats(): Promise<CheckedEngine> {
  const nats = await startNats()
  const contents = async () => {
    const view = await until('the server says it', () => nats.monitor('/jsz?streams=true'))
    const { streams } = view as { streams: number }
    return `${streams} streams`
  }
  return { ...nats, contents }
}

describe.each([
  ['redis', checkedRedis, /^redis \d+\.\d+\.\d+, standalone$/],
  ['redis behind sentinels', checkedSentinel, /^redis \d+\.\d+\.\d+, standalone$/],
  ['a redis cluster', checkedCluster, /^redis \d+\.\d+\.\d+, cluster of 3$/],
  ['postgres', checkedPostgres, /^postgres \d+/],
  ['nats', checkedNats, /^nats \d+\.\d+\.\d+, 1 replica in memory$/],
] as const)('store check of %s', (_, startEngine, name) => {
  let engine: CheckedEngine
  beforeAll(async () => {
    engine = await startEngine()
  })
  afterAll(() => engine.dispose())

  it('passes, says what holds there, and leaves nothing behind', async () => {
    const before = await engine.contents()
    const { code, stdout } = await run(['store', 'check', '--tickets', '105'], { WSTICKET_STORE: engine.url })
    const lines = stdout.split('\n')
    expect({ code, engine: lines[0], guarantee: lines[1] }).toEqual({
      code: 0,
      engine: expect.stringMatching(name),
      guarantee: expect.stringMatching(/^ {2}A ticket is redeemed at most once[,;] /),
    })
    expect(stdout).toMatch(/^Conformance: \d\d of \d\d cases passed, 0 failed\.$/m)
    expect(stdout).toMatch(/^ {2}Skipped \d: needs outage: /m)
    expect(stdout).toMatch(/^Race: 105 tickets, each presented 16 times at once over 4 connections/m)
    expect(stdout).toMatch(/^ {2}105 redeemed once, 0 more than once, 0 never; 0 faults\.$/m)
    expect(stdout).toMatch(/fewer than 3 in 105 /)
    expect(lines.at(-2)).toBe('This store keeps what it promises.')
    expect(await engine.contents()).toBe(before)
  })
})

const checkTables = `SELECT string_agg(relname, ' ') FROM pg_class WHERE relname LIKE '%check%' AND relkind = 'r'`

/** Waits until a check has gone through tables: the first one is that of the inspection. */
async function untilInTheSuite(postgres: PostgresServer): Promise<void> {
  const seen = new Set<string>()
  const look = async () => seen.add(await postgres.query(checkTables)).size
  await expect.poll(look, { timeout: 20_000, interval: 5 }).toBeGreaterThan(3)
}

describe('store check', () => {
  it('can be read by a program', async () => {
    const { code, stdout } = await run(['store', 'check', 'memory:', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      engine: 'memory',
      suite: { failures: [], complete: true },
      race: { tickets: 1000, redeemedOnce: 1000, redeemedOften: 0 },
      objections: [],
    })
  })

  it('says what weakens the engine, and does not reassure where a ticket may be admitted twice', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.dispose())
    const { code, stdout } = await run([
      'store',
      'check',
      `${redis.url}?epochFence=none_may_admit_twice`,
      '--tickets',
      '50',
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}Weakened: The epoch fence is off/m)
    expect(stdout).toMatch(/a fault may admit it twice, as its URL accepts\.\n$/)
    expect(stdout).not.toContain('keeps what it promises')
  })

  it('stops when it is told to, and leaves nothing behind', async () => {
    const postgres = await startPostgres(unsynced)
    onTestFinished(() => postgres.dispose())
    const program = start(['store', 'check', postgres.url])
    await untilInTheSuite(postgres)
    program.process.kill()
    const { code, stdout } = await program.ended
    expect(code).toBe(1)
    expect(stdout).toMatch(/^Do not use this store: .*the check was stopped\.$/m)
    expect(await postgres.query(checkTables)).toBe('')
  })

  it('says so when the engine goes away in the middle', async () => {
    const postgres = await startPostgres(unsynced)
    onTestFinished(() => postgres.dispose())
    const program = start(['store', 'check', postgres.url])
    await untilInTheSuite(postgres)
    await postgres.kill9()
    const { code, stdout } = await program.ended
    expect(code).toBe(1)
    expect(stdout).toMatch(/what has check_[\da-f]{8} in its name could not be removed/)
    expect(stdout).toMatch(/^Do not use this store: 1 case failed; not every case was tried\.$/m)
  })
})

// An equality of texts that takes what has been redeemed for what is pending, and comes before the server's own.
const forgetful = [
  'CREATE SCHEMA forgetful',
  `CREATE FUNCTION forgetful.alike(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
   $$ SELECT one OPERATOR(pg_catalog.=) other
     OR (one OPERATOR(pg_catalog.=) 'redeemed' AND other OPERATOR(pg_catalog.=) 'pending') $$`,
  'CREATE OPERATOR forgetful.= (LEFTARG = text, RIGHTARG = text, FUNCTION = forgetful.alike)',
  `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = forgetful, pg_catalog, public', current_database()); END $$`,
]

describe('store check of an engine that forgets what is spent', () => {
  it('shows what fails, who won more than once, and says not to use it', async () => {
    const postgres = await startPostgres(unsynced)
    onTestFinished(() => postgres.dispose())
    for (const statement of forgetful) await postgres.query(statement)
    const { code, stdout } = await run(['store', 'check', postgres.url, '--tickets', '50'])
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^ {2}Failed: spends a ticket once when it is redeemed 64 times at once: outcomes\.redeemed /m,
    )
    expect(stdout).toMatch(/^ {2}0 redeemed once, 50 more than once, 0 never; 0 faults\.$/m)
    expect(stdout).not.toMatch(/95 %/)
    expect(stdout).toMatch(/^Do not use this store: \d+ cases failed; 50 tickets were redeemed more than once\.$/m)
  })
})

describe('store check of an engine of no use', () => {
  it('that drops tickets says what to change', async () => {
    const redis = await startRedis({ arguments: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] })
    onTestFinished(() => redis.dispose())
    const { code, stdout, lines } = await run(['store', 'check', redis.url])
    expect({ code, stdout, last: lines.at(-1) }).toEqual({
      code: 1,
      stdout: '',
      last: expect.stringMatching(/^This store cannot be used: maxmemory-policy must be noeviction, /),
    })
  })

  it.each([
    ['redis://:hush-hush@127.0.0.1:1', /redis: .*; the connection fails with ECONNREFUSED$/],
    ['postgres://tickets:hush-hush@127.0.0.1:1/app', /postgres failed \(ECONNREFUSED\)$/],
    ['nats://tickets:hush-hush@127.0.0.1:1', /nats: .*; the connection fails with ECONNREFUSED$/],
  ])('that is away says so, without its password: %#', async (url, reason) => {
    const { code, stdout, lines } = await run(['store', 'check', url])
    expect({ code, stdout, last: lines.at(-1) }).toEqual({ code: 1, stdout: '', last: expect.stringMatching(reason) })
    expect(lines.at(-1)).toMatch(/^This store cannot be checked now: /)
    expect(lines.join()).not.toContain('hush')
  })

  it('whose password is wrong says so, without the password', async () => {
    const redis = await startRedis({ arguments: ['--requirepass', 'open-sesame'] })
    onTestFinished(() => redis.dispose())
    const { code, stdout, lines } = await run(['store', 'check'], {
      WSTICKET_STORE: redis.url.replace('//', '//:hush-hush@'),
    })
    expect({ code, stdout, last: lines.at(-1) }).toEqual({
      code: 1,
      stdout: '',
      last: expect.stringMatching(/the connection fails with WRONGPASS$/),
    })
    expect(lines.join()).not.toContain('hush')
  })
})

describe('the verb store', () => {
  it.each([
    [['store']],
    [['store', 'chekc', 'memory:']],
    [['store', 'check', 'memory:', 'memory:']],
    [['store', 'check', '--tickets', '0']],
    [['store', 'check', '--jsno']],
  ])('called wrongly as %j says how, with exit code 2', async (args) => {
    expect(await run(args)).toEqual({
      code: 2,
      stdout: '',
      lines: ['store takes: check [url] [--json] [--tickets n]; store --help says more'],
    })
  })

  it('needs a URL, and says where from', async () => {
    const { code, lines } = await run(['store', 'check'])
    expect({ code, lines }).toEqual({
      code: 2,
      lines: ['store check needs the URL of a store, as an argument or in WSTICKET_STORE'],
    })
  })

  it('says of a URL that cannot be why, and nothing of it', async () => {
    const { code, lines } = await run(['store', 'check', 'redis://:hush@a@b'])
    expect({ code, lines }).toEqual({ code: 2, lines: [expect.stringMatching(/^The URL of the store is unclear: /)] })
    expect(lines.join()).not.toContain('hush')
  })

  it('has a help that lists every form of URL, and says where a password belongs', async () => {
    const { code, stdout } = await run(['store', 'check', '--help'])
    expect(code).toBe(0)
    for (const scheme of ['memory:', 'sqlite:', 'redis:', 'redis+sentinel:', 'redis+cluster:', 'postgres:', 'nats:']) {
      expect(stdout).toContain(`  ${scheme}`)
    }
    expect(stdout).toMatch(/A URL with a password belongs there/)
  })
})
