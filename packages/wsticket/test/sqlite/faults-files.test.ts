/** F20: what somebody does to the files. A clerk is another process that has them open; the store is opened after it. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { systemClock } from '../../src/clock.ts'
import { createSqliteStore } from '../../src/stores/sqlite.ts'
import { openMounts, reasonForNoMounts } from './mounts.ts'
import { idOf } from './numbered-records.ts'
import { type Program, startProgram } from './program.ts'
import { openRaw } from './raw-database.ts'

let path: string
let clerk: Program

beforeEach(async () => {
  const folder = temporaryFolder('sqlite-files')
  onTestFinished(folder.remove)
  path = join(folder.path, 'tickets.db')
  clerk = startProgram('clerk', [path])
  await clerk.until('ready')
})

/** A copy of the database as it is, made by SQLite. */
function backUp(): string {
  const copy = `${path}.backup`
  const database = openRaw(path)
  database.exec(`VACUUM INTO '${copy}'`)
  database.close()
  return copy
}

/** Writes everything that is in the log to the database, and empties the log. */
function writeLogBack(): void {
  const database = openRaw(path)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

/** Writes a file into another, which stays the file that it is. */
function copyInPlace(from: string, to: string): void {
  execFileSync('sh', ['-c', 'cat "$0" > "$1"', from, to])
}

function stateOf(number: number): unknown {
  const database = openRaw(path)
  const [row] = database.prepare('SELECT state FROM wsticket_tickets WHERE id = ?').all(idOf(number))
  database.close()
  return row?.state
}

/** Redeems over a store that is opened for it. */
async function redeem(number: number, at = path): Promise<string> {
  const store = createSqliteStore({ path: at })
  const { kind } = await store.redeem(idOf(number), systemClock())
  await store.close()
  return kind
}

describe('a ticket that was redeemed', () => {
  beforeEach(async () => {
    await clerk.ask('issue 0 1')
  })

  it('is void where a backup from before takes the place of the file that is open', async () => {
    const backup = backUp()
    expect(await clerk.ask('redeem 0 1')).toContain('redeemed 0')
    // The old log is that of the new file now: what is in it, the new file would have again.
    writeLogBack()
    renameSync(backup, path)
    expect(stateOf(0)).toBe('pending')
    expect(await redeem(0)).toBe('unknown')
    expect(await clerk.ask('redeem 0 1')).toContain('unknown 0')
  })

  it('is void where a backup from before is put where the file was, and has its number', async () => {
    const backup = backUp()
    await clerk.ask('redeem 0 1')
    await clerk.ask('close')
    rmSync(path)
    copyFileSync(backup, path)
    expect(stateOf(0)).toBe('pending')
    expect(await redeem(0)).toBe('unknown')
  })

  it('is void where a backup from before is written over the file, which stays the file that it is', async () => {
    const backup = backUp()
    await clerk.ask('redeem 0 1')
    await clerk.ask('close')
    const { ino } = statSync(path)
    copyInPlace(backup, path)
    expect(statSync(path).ino).toBe(ino)
    expect(stateOf(0)).toBe('pending')
    expect(await redeem(0)).toBe('unknown')
  })

  it('is void where the log is removed that has it as spent', async () => {
    writeLogBack()
    await clerk.ask('redeem 0 1')
    await clerk.kill()
    rmSync(`${path}-wal`)
    rmSync(`${path}-shm`)
    expect(await redeem(0)).toBe('unknown')
    expect(stateOf(0)).toBe('pending')
  })

  it('is void under another name of the file, whose log is another', async () => {
    writeLogBack()
    linkSync(path, `${path}.link`)
    expect(await redeem(0, `${path}.link`)).toBe('unknown')
    expect(await clerk.ask('redeem 0 1')).toContain('redeemed 0')
    expect(await redeem(0, `${path}.link`)).toBe('unknown')
  })

  it('is good once more where database and log are both written over while nobody has them open', async () => {
    // What is left: the files are the same, and so is the boot. Also the control of this file: the rest of it would be so, too.
    const files = [path, `${path}-wal`]
    for (const file of files) execFileSync('cp', [file, `${file}.before`])
    expect(await clerk.ask('redeem 0 1')).toContain('redeemed 0')
    await clerk.kill()
    for (const file of files) copyInPlace(`${file}.before`, file)
    rmSync(`${path}-shm`)
    expect(await redeem(0)).toBe('redeemed')
  })
})

describe('a process that has the file open', () => {
  it('goes on in the file that takes its place', async () => {
    await clerk.ask('issue 0 1')
    renameSync(backUp(), path)
    expect(await clerk.ask('issue 1 2')).toContain('issued 1')
    expect(await redeem(1)).toBe('redeemed')
    expect(await redeem(0)).toBe('unknown')
  })

  it('makes the file anew where it was removed', async () => {
    await clerk.ask('issue 0 1')
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`)
    expect(await clerk.ask('issue 1 2')).toContain('issued 1')
    expect(await redeem(1)).toBe('redeemed')
    expect(await clerk.ask('redeem 0 1')).toContain('unknown 0')
  })

  it('says so where the folder is gone, and goes on when it is back', async () => {
    await clerk.ask('issue 0 1')
    const folder = dirname(path)
    renameSync(folder, `${folder}.away`)
    expect(await clerk.ask('redeem 0 1')).toContain('unavailable 0')
    renameSync(`${folder}.away`, folder)
    const said = [...(await clerk.ask('issue 1 2')), ...(await clerk.ask('redeem 1 2'))]
    expect(said).toEqual(['issued 1', 'done', 'redeemed 1', 'done'])
  })

  it('lets tickets outlive a crash of all others, and void them when it is the last to close the file', async () => {
    await clerk.ask('issue 0 2')
    await clerk.kill()
    const survivor = startProgram('clerk', [path])
    expect(await survivor.ask('redeem 0 1')).toContain('redeemed 0')
    await survivor.ask('close')
    expect(await redeem(1)).toBe('unknown')
  })
})

describe('a mount of the file alone, without its folder', () => {
  it('is refused', async ({ skip }) => {
    const reason = reasonForNoMounts()
    if (reason !== null) skip(reason)
    await clerk.ask('issue 0 1')
    const mounts = await openMounts()
    onTestFinished(mounts.close)
    const container = join(dirname(path), 'container')
    mkdirSync(container)
    mounts.run('mount', '-t', 'tmpfs', 'tmpfs', container)
    const mounted = join(container, 'tickets.db')
    mounts.run('touch', mounted)
    mounts.run('mount', '--bind', path, mounted)
    const other = startProgram('clerk', [mounted], mounts.prefix)
    expect(await other.ask('inspect')).toContain('refused path is a file that is mounted by itself: mount its folder')
  })
})
