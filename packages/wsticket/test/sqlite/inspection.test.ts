/** What a store looks at before it puts tickets into a file. */
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { systemClock } from '../../src/clock.ts'
import { createSqliteStore } from '../../src/stores/sqlite.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import { sampleLifetimeMs, sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { idOf, recordOf } from './numbered-records.ts'
import { openRaw } from './raw-database.ts'

let folder: string
let path: string

beforeEach(() => {
  const made = temporaryFolder('sqlite-inspection')
  onTestFinished(made.remove)
  folder = made.path
  path = join(folder, 'tickets.db')
})

function open(at = path): TicketStore {
  const store = createSqliteStore({ path: at, busyTimeoutMs: 0 })
  onTestFinished(() => store.close())
  return store
}

/** Makes a database of another program. */
function makeForeign(sql: string): void {
  const database = openRaw(path)
  database.exec(sql)
  database.close()
}

async function expectRefused(problem: string): Promise<void> {
  const store = open()
  await expect(store.inspect()).rejects.toMatchObject({
    name: 'ConfigurationError',
    message: expect.stringContaining(problem),
  })
  await expect(store.insert(recordOf(0))).rejects.toMatchObject({ code: 'unavailable' })
}

describe('the SQLite store', () => {
  it('says which SQLite it runs on, and of no weakness on a disk of this machine', async () => {
    expect(await open().inspect()).toMatchObject({
      engine: expect.stringMatching(/^sqlite 3\.\d+\.\d+$/),
      weaknesses: [],
    })
  })

  it('makes its files for the eyes of their owner only, whatever the umask', async () => {
    const umask = process.umask(0)
    onTestFinished(() => void process.umask(umask))
    await open().insert(recordOf(0))
    const modes = ['', '-wal', '-shm'].map((suffix) => statSync(`${path}${suffix}`).mode & 0o777)
    expect(modes).toEqual([0o600, 0o600, 0o600])
  })

  it('leaves the permissions of a file that is there', async () => {
    writeFileSync(path, '')
    chmodSync(path, 0o660)
    await open().insert(recordOf(0))
    expect(statSync(path).mode & 0o777).toBe(0o660)
  })

  it('is the same store through a symbolic link', async () => {
    await open().insert(recordOf(0))
    symlinkSync(path, join(folder, 'link'))
    const outcome = await open(join(folder, 'link')).redeem(idOf(0), systemClock())
    expect(outcome.kind).toBe('redeemed')
  })

  it('refuses the database of another program, and writes nothing to it', async () => {
    makeForeign('CREATE TABLE wsticket_tickets (id TEXT)')
    const before = readFileSync(path)
    await expectRefused('is a database of something else')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('refuses a database that has another layout', async () => {
    await open().insert(recordOf(0))
    makeForeign('PRAGMA user_version = 1')
    await expectRefused('was made by another version of wsticket')
  })

  it('refuses a file that is no database', async () => {
    writeFileSync(path, 'tickets, tickets, tickets. '.repeat(100))
    await expectRefused('is no SQLite database')
  })

  it('refuses a database that is damaged', async () => {
    const store = open()
    for (let number = 0; number < 100; number += 1) await store.insert(recordOf(number))
    await store.close()
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0xa5, 4096))
    await expectRefused('is damaged')
  })

  it('cannot use a folder that is not there, until it is', async () => {
    const late = open(join(folder, 'late', 'tickets.db'))
    await expect(late.inspect()).rejects.toMatchObject({ code: 'unavailable' })
    mkdirSync(join(folder, 'late'))
    await late.insert(recordOf(0))
    expect((await late.redeem(idOf(0), systemClock())).kind).toBe('redeemed')
  })

  it('cannot use a folder as its file', async () => {
    await expect(open(folder).inspect()).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('refuses a ticket whose row says another expiry than its record', async () => {
    const store = open()
    const record = { ...recordOf(0), expiresAt: systemClock() }
    await store.insert(record)
    makeForeign('UPDATE wsticket_tickets SET expires_at = expires_at + 1000000')
    expect((await store.redeem(record.id, systemClock())).kind).toBe('expired')
  })

  it('admits nobody where the rows of two tickets were mixed up', async () => {
    const store = open()
    await store.insert(recordOf(0))
    await store.insert(recordOf(1))
    makeForeign(`UPDATE wsticket_tickets SET record = (SELECT record FROM wsticket_tickets WHERE id = '${idOf(1)}')`)
    await expect(store.redeem(idOf(0), systemClock())).rejects.toMatchObject({ code: 'corrupt' })
    expect((await store.redeem(idOf(0), systemClock())).kind).toBe('spent')
  })

  it('sweeps by itself what has expired more than a minute ago, a part with every insert', async () => {
    const clock = createMovableClock()
    const store = createSqliteStore({ path, clock: clock.now })
    onTestFinished(() => store.close())
    const insertAndCount = async () => {
      await store.insert(sampleRecord(clock.now()))
      return countRows()
    }
    for (let number = 0; number < 250; number += 1) await store.insert(sampleRecord(clock.now()))
    clock.advance(2 * sampleLifetimeMs - 1)
    expect(await insertAndCount()).toBe(251)
    clock.advance(10_000)
    const counts = []
    for (let number = 0; number < 4; number += 1) counts.push(await insertAndCount())
    expect(counts).toEqual([152, 53, 4, 5])
  })
})

function countRows(): unknown {
  const database = openRaw(path)
  const [row] = database.prepare('SELECT count(*) AS rows FROM wsticket_tickets').all()
  database.close()
  return row?.rows
}
