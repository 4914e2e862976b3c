/**
 * What the program in examples/another-language refuses, and how: a program that others will copy has to be right by itself.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { TicketRecord } from 'wsticket'
import { openStore } from 'wsticket/open-store'
import { startPostgres, unsynced } from 'wsticket-engines/postgres'
import { type RedisServer, startRedis } from 'wsticket-engines/redis'
import { until } from 'wsticket-engines/until'
import { systemClock } from '../../src/clock.ts'
import { generateKey } from '../../src/lock.ts'
import { later, sampleRecord } from '../../src/testing/store-harness.ts'
import { generateTicket, idOfTicket } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import {
  issueInPython,
  issuing,
  neverIssued,
  redeemInPython,
  requirePython,
  runPatiently,
  runTickets,
  textsOf,
} from './python-tickets.ts'

let redis: RedisServer
let store: TicketStore

beforeAll(async () => {
  await requirePython()
  redis = await startRedis()
  store = await openStore(redis.url)
})
afterAll(async () => {
  await store?.close()
  await redis?.dispose()
})

/** Keeps another text for a ticket than its record. */
async function insertTampered(tamper: (record: TicketRecord) => string) {
  const ticket = generateTicket()
  const record = sampleRecord(systemClock(), { id: idOfTicket(ticket) })
  await store.insert(record)
  await redis.command('HSET', `wsticket:${record.id}`, 'record', tamper(record))
  return ticket
}

describe('a verifier in Python admits nobody on a record', () => {
  it.each<[string, (record: TicketRecord) => object]>([
    ['with a restriction that it does not know', (record) => ({ ...record, only: 'on Sundays' })],
    ['without a member', (record) => ({ ...record, origin: undefined })],
    ['of another ticket', (record) => ({ ...record, id: sampleRecord(record.issuedAt).id })],
    ['with an expiry that is no number', (record) => ({ ...record, expiresAt: String(record.expiresAt) })],
    ['with an expiry that is true', (record) => ({ ...record, expiresAt: true })],
    ['with an expiry beyond all integers', (record) => ({ ...record, expiresAt: 2 ** 53 })],
    ['with a subject that is null', (record) => ({ ...record, subject: null })],
    ['with a lock that is none', (record) => ({ ...record, lock: 'secret' })],
    ['with a lock that is true', (record) => ({ ...record, lock: true })],
    ['with claims that are a list', (record) => ({ ...record, claims: [] })],
    ['that is a list', (record) => [record]],
  ])('%s', async (_, tamper) => {
    await expectRefused(await insertTampered((record) => JSON.stringify(tamper(record))))
  })

  it('with a member twice', async () => {
    await expectRefused(await insertTampered((record) => JSON.stringify(record).replace('{', '{"expiresAt":1,')))
  })

  it('that is no JSON, or has no end', async () => {
    await expectRefused(await insertTampered(() => 'nothing'))
    await expectRefused(await insertTampered(() => '['.repeat(1_000_000)))
  })

  it('but on one from before there were locks', async () => {
    const ticket = await insertTampered((record) => JSON.stringify({ ...record, lock: undefined }))
    expect(await redeemInPython(redis.url, ticket)).toMatchObject({ outcome: 'redeemed', record: { lock: null } })
    const explicit = await insertTampered((record) => JSON.stringify({ ...record, lock: null }))
    expect(await redeemInPython(redis.url, explicit)).toMatchObject({ outcome: 'redeemed', record: { lock: null } })
  })

  it('that has expired, whatever the engine has kept beside it', async () => {
    const ticket = await insertTampered((record) => JSON.stringify({ ...record, expiresAt: record.issuedAt }))
    expect(await redeemInPython(redis.url, ticket)).toEqual({ outcome: 'expired' })
  })

  async function expectRefused(ticket: Awaited<ReturnType<typeof insertTampered>>) {
    const { status, answer, complaint } = await runPatiently(['redeem', redis.url], ticket)
    expect([status, answer]).toEqual([1, null])
    expect(complaint).toMatch(/^tickets\.py: [^\n]+\n$/)
    expect(await redeemInPython(redis.url, ticket)).toEqual({ outcome: 'spent' })
  }
})

describe('an issuer in Python writes', () => {
  it.each([
    ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:c000:207', '192.0.2.7'],
  ])('the address %s as the protocol does', async (spelled, canonical) => {
    const { id } = await issueInPython(redis.url, '--client-address', spelled)
    expect(await store.read(id, systemClock())).toMatchObject({ record: { clientAddress: canonical } })
  })

  it('claims of 4,096 bytes, and not of one more', async () => {
    const fixed = { name: '🎫é\u007f\n', half: '\ud83c', more: '' }
    const room = 4096 - new TextEncoder().encode(JSON.stringify(fixed)).length
    const claims = { ...fixed, more: 'x'.repeat(room) }
    const { id } = await issueInPython(redis.url, '--claims', JSON.stringify(claims))
    expect(await store.redeem(id, systemClock())).toMatchObject({ kind: 'redeemed', record: { claims } })
    const tooMany = JSON.stringify({ ...claims, more: `${claims.more}x` })
    const { status, complaint } = await runTickets(issuing(redis.url, '--claims', tooMany))
    expect([status, complaint]).toEqual([1, 'tickets.py: claims are a JSON object of at most 4096 bytes\n'])
  })
})

describe('a fault in Python is one line that quotes neither ticket nor URL:', () => {
  const url = 'redis://user:hunter2@127.0.0.1:1'
  const postgresUrl = url.replace('redis', 'postgres')
  const wrongArguments = 'the arguments are not what --help says'
  const noTicket = 'standard input is not a ticket on a line of its own'
  const wrongUrl = 'a store URL begins with redis:// and has no options, or begins with postgres://'
  const wrongClaims = 'claims are a JSON object of at most 4096 bytes'
  const wrongName = 'a JSON object has a name twice, or one that is not allowed'
  const wrongInteger = `an integer is at most ${Number.MAX_SAFE_INTEGER}`
  const wrongSubject = 'a subject is issuer#name, without control characters'
  const wrongLifetime = 'a ticket lives 1 to 60000 milliseconds'

  it.each<[string, string, readonly string[], string?]>([
    ['a ticket among the arguments', wrongArguments, ['redeem', url, neverIssued]],
    ['a ticket in place of a verb', wrongArguments, [neverIssued]],
    ['a ticket as a number', wrongArguments, issuing(url, '--lifetime-ms', neverIssued)],
    ['no ticket', noTicket, ['redeem', url]],
    ['a ticket and more', noTicket, ['redeem', url], `${neverIssued}x`],
    ['a ticket and a key that is none', noTicket, ['redeem', url], `${neverIssued}.wsk_x`],
    ['a ticket and two keys', noTicket, ['redeem', url], `${neverIssued}.${generateKey()}.${generateKey()}`],
    ['a ticket that is not canonical', noTicket, ['redeem', url], `${neverIssued.slice(0, -1)}B`],
    ['a ticket in place of its id', noTicket.replace('a ticket', 'the id of a ticket'), ['revoke', url], neverIssued],
    ['a Redis that is away', 'failed (ConnectionError)', ['redeem', url], neverIssued],
    ['a PostgreSQL that is away', 'failed (OperationalError)', ['redeem', postgresUrl], neverIssued],
    ['a URL that would undo the deadlines', wrongUrl, ['redeem', `${url}?socket_timeout=60`], neverIssued],
    ['a URL of another engine', wrongUrl, ['redeem', url.replace('redis', 'memcached')], neverIssued],
    ['claims that are a list', wrongClaims, issuing(url, '--claims', '[]')],
    ['claims with what JSON does not have', 'failed (ValueError)', issuing(url, '--claims', '{"n":NaN}')],
    ['claims that are no JSON', 'failed (JSONDecodeError)', issuing(url, '--claims', '{hunter2}')],
    ['claims with a member twice', wrongName, issuing(url, '--claims', '{"a":{"b":1,"b":2}}')],
    ['claims that wsticket would drop', wrongName, issuing(url, '--claims', '{"a":[{"__proto__":1}]}')],
    ['claims that wsticket would change', wrongInteger, issuing(url, '--claims', `{"n":${2n ** 53n + 1n}}`)],
    ['a subject without an issuer', wrongSubject, issuing(url, '--subject', '#alice')],
    ['a subject with a control character', wrongSubject, issuing(url, '--subject', 'https://id.example#al\u007fice')],
    ['an address that is none', 'failed (ValueError)', issuing(url, '--client-address', '192.0.2.256')],
    ['an address that is empty', 'failed (ValueError)', issuing(url, '--client-address', '')],
    ['a lock that is none', 'a lock is a SHA-256 in base64url', issuing(url, '--lock', 'hunter2')],
    ['an audience without a name', 'an audience has a name', issuing(url, '--audience', '')],
    ['a lifetime beyond the longest', wrongLifetime, issuing(url, '--lifetime-ms', '60001')],
    ['a lifetime of nothing', wrongLifetime, issuing(url, '--lifetime-ms', '0')],
  ])('%s', async (_, message, words, input) => {
    const { status, answer, complaint } = await runTickets(words, input)
    expect([status, answer]).toEqual([1, null])
    expect(complaint.includes(neverIssued.slice(4)) || complaint.includes('hunter2')).toBe(false)
    expect(complaint).toBe(`tickets.py: ${message}\n`)
  })
})

it.each([
  ['Redis', startRedis],
  ['PostgreSQL', startPostgres],
])('Python waits two seconds for a %s that is silent', async (_, startEngine) => {
  const engine = await startEngine()
  onTestFinished(() => engine.dispose())
  engine.freeze()
  onTestFinished(() => engine.thaw())
  const startedAt = performance.now()
  const { status, complaint } = await runTickets(['redeem', engine.url], neverIssued)
  expect([status, complaint]).toEqual([1, 'tickets.py: failed (TimeoutError)\n'])
  const tookMs = performance.now() - startedAt
  expect([tookMs > 2000, tookMs < 15_000]).toEqual([true, true])
})

it('Python sends a script once, also when nobody answers', async () => {
  const { frozen, calls } = await startFrozenRedis()
  await runTickets(['redeem', frozen.url], neverIssued)
  frozen.thaw()
  await until('the script was run', calls)
  expect(await calls()).toBe('1')
})

async function startFrozenRedis() {
  const frozen = await startRedis()
  onTestFinished(() => frozen.dispose())
  frozen.freeze()
  onTestFinished(() => frozen.thaw())
  const calls = async () => /cmdstat_eval:calls=(\d+)/.exec(await frozen.command('INFO', 'commandstats'))?.[1]
  return { frozen, calls }
}

it('Python removes from PostgreSQL what has expired more than a minute ago', async () => {
  const postgres = await startPostgres(unsynced)
  onTestFinished(() => postgres.dispose())
  const emptied = await openStore(postgres.url)
  onTestFinished(() => emptied.close())
  const now = systemClock()
  for (const ago of [50_000, 3_600_000]) await emptied.insert(sampleRecord(now, { expiresAt: later(now, -ago) }))
  await issueInPython(postgres.url)
  expect(await postgres.query('SELECT count(*) FROM wsticket_tickets')).toBe('2')
})

describe('Python runs the very', () => {
  const document = inOneLine(readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8'))

  it('scripts of the protocol', async () => {
    const { REIGN: reign = '', ...scripts } = await textsOf('redis_store')
    expect(Object.keys(scripts)).toEqual(['INSERT', 'REDEEM', 'REVOKE'])
    expect(document).toContain(inOneLine(reign))
    for (const script of Object.values(scripts)) {
      expect(script.startsWith(reign)).toBe(true)
      expect(document).toContain(inOneLine(script.slice(reign.length)))
    }
  })

  it('statements of the protocol', async () => {
    const statements = await textsOf('postgres_store')
    expect(Object.keys(statements)).toEqual(['INSERT', 'REDEEM', 'REVOKE', 'READ', 'SWEEP'])
    for (const statement of Object.values(statements)) expect(document).toContain(inOneLine(numbered(statement)))
  })
})

const numbers = { id: '$1', record: '$2', expires_at: '$3', now: '$2', long_ago: '$1' }

/** A statement with the parameters of psycopg2 as PostgreSQL has them. */
function numbered(statement: string): string {
  const entries = Object.entries(numbers)
  return entries.reduce((text, [name, number]) => text.replaceAll(`%(${name})s`, () => number), statement)
}

function inOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
