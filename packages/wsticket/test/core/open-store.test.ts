import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import { openStore, requireStoreUrl } from '../../src/open-store.ts'
import { credentialsOf, parseStoreUrl, serversOf } from '../../src/store-url.ts'
import { createMovableClock } from '../../src/testing/store-conformance.ts'
import { sampleLifetimeMs, sampleRecord } from '../../src/testing/store-harness.ts'
import { createUrlHarness } from '../../src/testing/url-harness.ts'

function refusalOf(url: string): string {
  try {
    requireStoreUrl(url)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    return (error as Error).message
  }
  throw new Error('it is not refused')
}

describe('the URL of a store', () => {
  it.each([
    'memory:',
    'sqlite:/var/lib/wsticket.db',
    'sqlite:relative.db',
    'sqlite:../one up.db?busyTimeoutMs=100',
    'redis://redis.internal',
    'redis://redis.internal/',
    'redis://user:p%40ss%3A@redis.internal:6380/3?prefix=a%3A&epochFence=none_may_admit_twice&deadlineMs=500',
    'REDIS://redis.internal',
    'rediss://[::1]:6379',
    'redis+sentinel://one:26379,two:26379/primary',
    'rediss+sentinel://:secret@one,two/primary/2',
    'redis+cluster://one:7000,two:7000',
    'rediss+cluster://user:secret@one:7000,two:7000/?prefix=a',
    'postgres://user:secret@db.internal:5432/app?table=auth.tickets&deadlineMs=500&sslmode=verify-full',
    `postgres://db.internal/app?table=${'s'.repeat(59)}.${'t'.repeat(59)}`,
    'postgresql:///app?host=%2Fvar%2Frun%2Fpostgresql&application_name=gateway',
    'nats://one:4222,two:4222?bucket=tickets&replicas=3&replication=unsound_may_admit_twice&recordAgeMs=90000&deadlineMs=500',
    'tls://user:secret@one:4222',
    'nats://token@one',
  ])('can be %s', (url) => {
    expect(requireStoreUrl(url)).toBe(url)
  })

  const secret = 'h4rd-t0-gu3ss'
  it.each([
    ['', /^url must begin with one of memory: sqlite: redis: .*postgres: .*nats:/],
    [`mysql://root:${secret}@db/app`, /^url must begin with one of memory: /],
    [secret, /^url must begin with one of /],
    [`http://${secret}`, /^url must begin with one of /],
    [`memory:${secret}`, /^url must be memory: and no more/],
    [`memory:?a=${secret}`, /^url may have no parameters/],
    ['sqlite:', /^url must be sqlite: and a path/],
    [`sqlite://${secret}`, /^url must be sqlite: and a path/],
    [`sqlite:${secret}.db?mode=rwc`, /^url may have no other parameters here than busyTimeoutMs/],
    [`sqlite:${secret}.db?busyTimeoutMs=1s`, /^url must give busyTimeoutMs as a whole number/],
    [`sqlite:${secret}%zz.db`, /^url is not encoded as URLs are/],
    [`redis:${secret}`, /^url must name hosts after its \/\//],
    ['redis://', /^url must name hosts/],
    [`redis://${secret}:65536`, /^url must name hosts/],
    [`redis://one,${secret}`, /^url must be like redis:\/\//],
    [`redis://one/${secret}`, /^url must be like redis:\/\//],
    [`redis://:${secret}@@one`, /^url is unclear: in a user name and a password/],
    [`redis://:a:${secret}@one`, /^url is unclear/],
    [`redis://:a/${secret}@one`, /^url /],
    [`redis://:a?${secret}@one`, /^url /],
    [`redis://:a#${secret}@one`, /^url must be a URL; in a user name and a password/],
    [`redis://:a%zz${secret}@one`, /^url is not encoded/],
    [`redis://one?password=${secret}`, /^url may have no other parameters here than prefix, epochFence, deadlineMs/],
    [`redis://one?prefix=a&prefix=${secret}`, /^url must give each parameter once/],
    [`redis://one?deadlineMs=${secret}`, /^url must give deadlineMs as a whole number/],
    [`redis+sentinel://one/?prefix=${secret}`, /^url must name the primary as the sentinels do/],
    [`redis+sentinel://one/a/${secret}`, /^url must name the primary/],
    [`redis+cluster://one/3?prefix=${secret}`, /^url must end with its servers/],
    [`postgres://user:${secret}@one:1,two:2/app`, /^url must be a URL as pg takes it/],
    [`postgres://user:${secret}@one/app?table=auth.${'t'.repeat(60)}`, /^table must have 59 letters at the most/],
    [`postgres://user:${secret}@one/app?statement_timeout=0`, /^url may have no other parameters here than table, /],
    [`nats://${secret}@one?durable=${secret}`, /^url may have no other parameters here than bucket, /],
    [`nats://one/${secret}`, /^url must end with its servers/],
    [`tls://${secret}@one,10.0.0.1`, /^url must give the servers by name/],
    [`tls://${secret}@[::1]`, /^url must give the servers by name/],
  ])('cannot be number %#, and no part of it is told', (url, reason) => {
    const refusal = refusalOf(url)
    expect(refusal).toMatch(reason)
    expect(refusal).not.toContain(secret)
    expect(refusal).not.toContain('\n')
  })
})

describe('the parts of a URL', () => {
  it('are its servers, with the port that is given or the usual one', () => {
    expect(serversOf(parseStoreUrl('redis://:p%40@one,[::1]:7000,10.0.0.1:1'), 6379)).toEqual([
      { host: 'one', port: 6379 },
      { host: '::1', port: 7000 },
      { host: '10.0.0.1', port: 1 },
    ])
  })

  it.each([
    ['redis://one', { username: null, password: null }],
    ['redis://user@one', { username: 'user', password: null }],
    ['redis://:pass@one', { username: null, password: 'pass' }],
    ['redis://us%40er:%3A%2F%3F%23%25@one,two', { username: 'us@er', password: ':/?#%' }],
  ])('are the credentials of %s, decoded', (url, credentials) => {
    expect(credentialsOf(parseStoreUrl(url))).toEqual(credentials)
  })

  it('are its path and its parameters, decoded', () => {
    const { scheme, path, parameters } = parseStoreUrl('Redis+Cluster://one/a%20b?prefix=%25+%26')
    expect([scheme, path, [...parameters]]).toEqual(['redis+cluster', '/a b', [['prefix', '% &']]])
  })
})

describe('openStore', () => {
  it('opens a store in memory, which sweeps by the clock that it is given', async () => {
    const clock = createMovableClock()
    const store = await openStore('memory:', { clock: clock.now })
    const record = sampleRecord(clock.now())
    await store.insert(record)
    clock.advance(2 * sampleLifetimeMs)
    await store.insert(sampleRecord(clock.now()))
    expect(await store.read(record.id, record.issuedAt)).toEqual({ kind: 'unknown' })
  })

  it('refuses what cannot be as requireStoreUrl does', async () => {
    await expect(openStore('redis://one?replicas=3')).rejects.toThrow(/^url may have no other parameters here/)
  })
})

describe('the harness of a store by URL', () => {
  it('says that it could not remove what it made, and nothing that a client said, which may quote the URL', async () => {
    const harness = createUrlHarness('postgres://tickets:h4rd-t0-gu3ss@127.0.0.1:1/app')
    await harness.open()
    const error: unknown = await harness.dispose().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'StoreError',
      message: expect.stringMatching(/^what has check_\w+ in its name /),
    })
    expect(error).not.toHaveProperty('cause')
  })
})
