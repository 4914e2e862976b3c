import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import type { Subject } from '../../src/credential.ts'
import { openSessionLog } from '../../src/open-store.ts'
import {
  entryAgeMs,
  type LoggedEntry,
  type LogPosition,
  type SessionEntry,
  type SessionLog,
} from '../../src/session-log.ts'
import { createSqliteSessionLog, type SqliteSessionLogOptions } from '../../src/session-logs/sqlite.ts'
import { createSqliteStore } from '../../src/stores/sqlite.ts'
import { createMovableClock, type SessionLogHarness } from '../../src/testing/session-log-conformance.ts'
import { at } from '../core/fixtures.ts'
import { itConformsAsLog } from '../session-logs/log-suite.ts'
import { recordOf } from './numbered-records.ts'
import { startProgram } from './program.ts'
import { openRaw } from './raw-database.ts'

function createSqliteHarness(): SessionLogHarness {
  const clock = createMovableClock()
  const folder = temporaryFolder('sqlite-log')
  const path = join(folder.path, 'tickets.db')
  const logs: SessionLog[] = []
  const open = async () => {
    const log = createSqliteSessionLog({ path, clock: clock.now })
    logs.push(log)
    return log
  }
  return {
    clock,
    open,
    openSecond: open,
    lose: async () => execute(path, 'DELETE FROM wsticket_sessions'),
    obeysClock: true,
    async dispose() {
      for (const log of logs) await log.close()
      folder.remove()
    },
  }
}

function execute(path: string, sql: string): void {
  const database = openRaw(path)
  database.exec(sql)
  database.close()
}

const entry: SessionEntry = {
  kind: 'revocation',
  selector: { kind: 'subject', subject: 'https://issuer.example#a' as Subject },
  at: at(1),
}
const text = JSON.stringify(entry)

describe('the log in SQLite', () => {
  itConformsAsLog(createSqliteHarness)
})

describe('a log in SQLite', () => {
  let path: string
  beforeEach(() => {
    const folder = temporaryFolder('sqlite-log')
    onTestFinished(folder.remove)
    path = join(folder.path, 'tickets.db')
  })

  function open(options: Partial<SqliteSessionLogOptions> = {}): SessionLog {
    const log = createSqliteSessionLog({ path, ...options })
    onTestFinished(() => log.close())
    return log
  }

  async function entriesOf(log: SessionLog, position: LogPosition | null = null): Promise<readonly LoggedEntry[]> {
    const entries = await log.readAfter(position, 1000)
    if (entries === 'lost') throw new TypeError('the log should have that position')
    return entries
  }

  /** Writes a row as another program does. */
  function write(row: string): void {
    execute(path, `INSERT INTO wsticket_sessions (written_at, nonce, entry) VALUES (${Date.now()}, ${row})`)
  }

  it('is in the file of the tickets, and closing either leaves what the other has', async () => {
    const log = await openSessionLog(`sqlite:${path}`)
    if (log === null) throw new TypeError('there should be a log')
    const store = createSqliteStore({ path })
    await store.insert(recordOf(0))
    const position = await log.append(entry)
    await store.close()
    const again = createSqliteStore({ path })
    expect((await again.read(recordOf(0).id, at(Date.now()))).kind).toBe('pending')
    expect(await entriesOf(log)).toEqual([{ position, entry }])
    await log.close()
    await again.close()
    expect(await entriesOf(open())).toEqual([{ position, entry }])
  })

  it('drops what has an old entry behind it, 64 at a time, and no more', async () => {
    const clock = createMovableClock()
    const log = open({ clock: clock.now })
    const positions: LogPosition[] = []
    for (let n = 0; n < 70; n += 1) positions.push(await log.append(entry))
    clock.advance(entryAgeMs)
    const sizes: number[] = []
    for (let n = 0; n < 3; n += 1) {
      await log.append(entry)
      sizes.push((await entriesOf(log)).length)
    }
    // The last of the old ones stays: what stands behind it is new.
    expect(sizes).toEqual([7, 3, 4])
    expect(await log.readAfter(positions[68] as LogPosition, 9)).toBe('lost')
    expect(await entriesOf(log, positions[69])).toHaveLength(3)
  })

  it('keeps for as long also what was written while the clock was ahead, and does not keep it for ever', async () => {
    const clock = createMovableClock()
    const log = open({ clock: clock.now })
    clock.advance(1000 * entryAgeMs)
    for (let n = 0; n < 3; n += 1) await log.append(entry)
    clock.advance(-1000 * entryAgeMs)
    for (let n = 0; n < 3; n += 1) await log.append(entry)
    expect(await entriesOf(log)).toHaveLength(6)
    clock.advance(entryAgeMs - 1)
    await log.append(entry)
    expect(await entriesOf(log)).toHaveLength(7)
    clock.advance(1)
    await log.append(entry)
    expect(await entriesOf(log)).toHaveLength(3)
  })

  it.each([
    ['another text', `'n', '{}'`],
    ['a member more', `'n', '${JSON.stringify({ ...entry, only: 'sometimes' })}'`],
    ['an odd nonce', `'a b', '${text}'`],
    ['no nonce', `'', '${text}'`],
  ])('skips no entry that is none: %s', async (_, row) => {
    const log = open()
    const position = await log.append(entry)
    write(row)
    await log.append(entry)
    // Whatever stands in front of it is read.
    expect(await log.readAfter(null, 9)).toMatchObject([{ position }])
    await expect(log.readAfter(position, 9)).rejects.toMatchObject({ name: 'StoreError', code: 'malformed' })
    expect(await entriesOf(log, await log.append(entry))).toEqual([])
  })

  it('reads a number of any size, and writes none behind the last that there can be', async () => {
    const log = open()
    await log.append(entry)
    execute(path, `INSERT INTO wsticket_sessions VALUES (9007199254740993, 'n', 1, '${text}')`)
    expect((await entriesOf(log)).map(({ position }) => position)[1]).toBe('9007199254740993/n')
    expect(await entriesOf(log, '9007199254740993/n' as LogPosition)).toEqual([])
    execute(path, `INSERT INTO wsticket_sessions VALUES (9223372036854775807, 'n', 1, '${text}')`)
    await expect(log.append(entry)).rejects.toMatchObject({ code: 'capacity' })
    expect(() => execute(path, `INSERT INTO wsticket_sessions VALUES (0, 'n', 1, '${text}')`)).toThrow('CHECK')
  })

  it('is lost where another entry stands at the position, and for a position of nothing', async () => {
    const log = open()
    const position = await log.append(entry)
    const [number] = position.split('/')
    execute(path, `UPDATE wsticket_sessions SET nonce = 'another'`)
    expect(await entriesOf(log, `${number}/another` as LogPosition)).toEqual([])
    for (const other of [position, '1', '', '1-0/another', `${number} /another`, `99999999999999999999/another`])
      expect(await log.readAfter(other as LogPosition, 9)).toBe('lost')
  })

  it('gives no number a second time, also after all that was numbered is gone', async () => {
    const log = open()
    const [before] = (await log.append(entry)).split('/')
    execute(path, 'DELETE FROM wsticket_sessions')
    const [after] = (await log.append(entry)).split('/')
    expect(Number(after)).toBeGreaterThan(Number(before))
  })

  it.each<[string, (path: string) => void]>([
    ['was removed', (file) => removeFiles(file)],
    ['was replaced by a backup from before', (file) => renameSync(`${file}.backup`, file)],
  ])('is lost to who stood in a file that %s, and goes on in the one that is there', async (_, replace) => {
    const [one, other] = [open(), open()]
    const old = await one.append(entry)
    execute(path, `VACUUM INTO '${path}.backup'`)
    const position = await other.append(entry)
    execute(path, 'PRAGMA wal_checkpoint(TRUNCATE)')
    replace(path)
    expect(await one.readAfter(position, 9)).toBe('lost')
    const next = await one.append(entry)
    expect(next).not.toBe(position)
    expect(await other.readAfter(position, 9)).toBe('lost')
    expect((await entriesOf(other)).at(-1)).toEqual({ position: next, entry })
    expect(old).not.toBe(next)
  })

  it('refuses while the file is locked, and goes on when it is not', async () => {
    const log = open({ busyTimeoutMs: 50 })
    const position = await log.append(entry)
    const locker = startProgram('locker', [path])
    await locker.until('locked')
    for (let n = 0; n < 6; n += 1) await expect(log.append(entry)).rejects.toMatchObject({ code: 'unavailable' })
    // What can be read it does not say: it cannot tell whether it will be able to write.
    await expect(log.readAfter(position, 9)).rejects.toMatchObject({ code: 'unavailable' })
    await locker.kill()
    await expect.poll(() => log.append(entry).catch(() => null)).not.toBeNull()
    expect(await entriesOf(log, position)).toHaveLength(1)
  })
})

function removeFiles(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`)
}
