/**
 * What becomes of the session log in PostgreSQL when its server is killed, when a standby takes over, and when an answer is lost.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { startFaultProxy } from 'wsticket-engines/fault-proxy'
import { type PostgresServer, startPostgres, startStandby } from 'wsticket-engines/postgres'
import { until } from 'wsticket-engines/until'
import type { Subject } from '../../src/credential.ts'
import type { LogPosition, SessionEntry, SessionLog } from '../../src/session-log.ts'
import { createPostgresSessionLog } from '../../src/session-logs/postgres.ts'
import { newId } from '../../src/testing/store-harness.ts'
import { at } from '../core/fixtures.ts'
import { type Connect, clients, connectPg } from '../services/postgres-harness.ts'
import { createCleanup } from './postgres-harness.ts'

const cleanup = createCleanup()
afterEach(() => cleanup.run())

async function startServer(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const server = await startPostgres({ settings })
  cleanup.add(server.dispose)
  return server
}

function openLog(url: string, connect: Connect = connectPg): SessionLog {
  const { driver, end } = connect(url)
  const log = createPostgresSessionLog(driver)
  cleanup.add(async () => {
    await log.close()
    await end()
  })
  return log
}

function revocationOf(name: string): SessionEntry {
  return {
    kind: 'revocation',
    selector: { kind: 'subject', subject: `https://issuer.example#${name}` as Subject },
    at: at(1),
  }
}

async function appendAll(log: SessionLog, names: readonly string[]): Promise<readonly LogPosition[]> {
  const positions: LogPosition[] = []
  for (const name of names) positions.push(await log.append(revocationOf(name)))
  return positions
}

/** The names behind a position. */
async function namesAfter(log: SessionLog, position: LogPosition | null): Promise<string> {
  const read = await log.readAfter(position, 1000)
  if (read === 'lost') return read
  return read.map(({ entry }) => /#(\w+)/.exec(JSON.stringify(entry))?.[1]).join(' ')
}

describe.each(clients)('the session log in PostgreSQL over %s', (_, connect) => {
  it.each([
    ['its postmaster', (server: PostgresServer) => server.kill9()],
    ['all of its processes at once', (server: PostgresServer) => server.crash()],
  ])('survives a kill -9 of %s, and goes on behind what it had', async (__, kill) => {
    const server = await startServer()
    const log = openLog(server.url, connect)
    const [a] = (await appendAll(log, ['a', 'b', 'c'])) as [LogPosition]
    await kill(server)
    await expect(log.append(revocationOf('away'))).rejects.toMatchObject({ code: 'unavailable' })
    await server.start()
    await until('the log is read again', () => log.readAfter(null, 1))
    expect(await namesAfter(log, null)).toBe('a b c')
    const d = await log.append(revocationOf('d'))
    expect(await namesAfter(log, a)).toBe('b c d')
    expect(await namesAfter(openLog(server.url, connect), d)).toBe('')
  })

  it('is lost to whoever read what a crash took along, with synchronous_commit off', async () => {
    const server = await startServer({ synchronous_commit: 'off', wal_buffers: '16MB' })
    const log = openLog(server.url, connect)
    const [a] = (await appendAll(log, ['a'])) as [LogPosition]
    await server.query('CHECKPOINT')
    const writer = await server.query(`SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'`)
    process.kill(Number(writer), 'SIGSTOP')
    const [b, c] = (await appendAll(log, ['b', 'c'])) as [LogPosition, LogPosition]
    expect(await namesAfter(log, b)).toBe('c')
    await server.crash()
    await server.start()
    await until('the log is read again', () => log.readAfter(null, 1))
    await appendAll(log, ['d', 'e', 'f'])
    expect(await namesAfter(log, a)).toBe('d e f')
    for (const gone of [b, c]) expect(await namesAfter(log, gone)).toBe('lost')
  })

  it('is lost to whoever read what a standby does not have that takes over, and nobody else', async () => {
    const server = await startServer()
    const standby = await startStandby(server)
    cleanup.add(standby.dispose)
    const log = openLog(server.url, connect)
    const [a, b] = (await appendAll(log, ['a', 'b'])) as [LogPosition, LogPosition]
    await standby.untilInStep()
    await standby.query(`ALTER SYSTEM SET primary_conninfo = ''`)
    await standby.query('SELECT pg_reload_conf()')
    await until(
      'it follows no more',
      async () => (await server.query('SELECT count(*) FROM pg_stat_replication')) === '0',
    )
    const [c, d] = (await appendAll(log, ['c', 'd'])) as [LogPosition, LogPosition]
    await standby.promote()
    const promoted = openLog(standby.url, connect)
    for (const gone of [c, d]) expect(await namesAfter(promoted, gone)).toBe('lost')
    await appendAll(
      promoted,
      Array.from({ length: 70 }, () => 'e'),
    )
    // Also where its number has been given away meanwhile.
    for (const gone of [c, d]) expect(await namesAfter(promoted, gone)).toBe('lost')
    expect(await namesAfter(promoted, a)).toMatch(/^b e e/)
    expect(await namesAfter(promoted, b)).toMatch(/^e e/)
  })

  describe('an answer', () => {
    async function setUp() {
      const server = await startServer()
      const proxy = await startFaultProxy({ to: server.port, protocol: 'postgres' })
      cleanup.add(() => proxy.stop())
      const proxied = openLog(server.url.replace(`:${server.port}/`, `:${proxy.port}/`), connect)
      const direct = openLog(server.url, connect)
      for (const log of [proxied, direct]) await until('the log is there', () => log.readAfter(null, 1))
      return { proxy, proxied, direct, name: newId().replaceAll('-', '_') }
    }

    it('that is lost says nothing: the entry is there once, and was sent once', async () => {
      const { proxy, proxied, direct, name } = await setUp()
      const lost = proxy.loseReply(name)
      await expect(proxied.append(revocationOf(name))).rejects.toMatchObject({ code: 'unavailable' })
      await lost
      await until('the log is read again', () => proxied.readAfter(null, 1))
      expect(await namesAfter(direct, null)).toBe(name)
      expect(proxy.requestsWith(name)).toBe(1)
    })

    it('that never comes, for the line broke on the way there, says nothing either: there is no entry', async () => {
      const { proxy, proxied, direct, name } = await setUp()
      proxy.hold('requests')
      setTimeout(proxy.cut, 250)
      await expect(proxied.append(revocationOf(name))).rejects.toMatchObject({ code: 'unavailable' })
      proxy.pass()
      await until('the log is read again', () => proxied.readAfter(null, 1))
      expect(await namesAfter(direct, null)).toBe('')
      expect(proxy.requestsWith(name)).toBe(0)
    })

    it('that is given to another is not believed', async () => {
      const { proxy, proxied, direct, name } = await setUp()
      const [one, other] = [`one_${name}`, `other_${name}`]
      const swapped = proxy.swapReplies(one, other)
      const appended = await Promise.allSettled([one, other].map((each) => proxied.append(revocationOf(each))))
      await swapped
      const codes = appended.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'believed'))
      for (const code of codes) expect(['corrupt', 'unavailable']).toContain(code)
      expect((await namesAfter(direct, null)).split(' ').toSorted()).toEqual([one, other].toSorted())
    })
  })
})
