/** F20: somebody replaces or removes files while two processes redeem from them, and a third one opens what is there then. */
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { long } from '../faults/proof-size.ts'
import { startProgram } from './program.ts'
import { openRaw } from './raw-database.ts'

const rounds = long ? 100 : 2
const tickets = 300

/** How often each ticket was admitted. */
function countAdmissions(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines.filter((each) => each.startsWith('redeemed '))) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

/** Redeems all tickets in three processes, again and again, and replaces the files in the midst of it. */
async function redeemWhile(path: string, replace: (path: string) => void): Promise<readonly string[]> {
  const first = startProgram('clerk', [path])
  await first.ask(`issue 0 ${tickets}`)
  const second = startProgram('clerk', [path])
  await second.ask('inspect')
  const database = openRaw(path)
  database.exec(`PRAGMA wal_checkpoint(TRUNCATE); VACUUM INTO '${path}.backup'`)
  database.close()
  const redeem = `redeem 0 ${tickets}`
  const redeeming = [first.ask(redeem), second.ask(redeem)]
  await sleep(Math.random() * 10)
  replace(path)
  const third = startProgram('clerk', [path])
  const said = [await third.ask(redeem), ...(await Promise.all(redeeming))]
  for (const clerk of [first, second, third]) said.push(await clerk.ask(redeem))
  await Promise.all([first, second, third].map((clerk) => clerk.kill()))
  return said.flat()
}

it.each<[string, (path: string) => void]>([
  ['a backup is moved to where the database is', (path) => renameSync(`${path}.backup`, path)],
  [
    'the database is removed, and a backup copied to its place',
    (path) => {
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
      copyFileSync(`${path}.backup`, path)
    },
  ],
  ['the log is removed', (path) => rmSync(`${path}-wal`, { force: true })],
])('admits no ticket twice where %s while it is in use', { timeout: rounds * 20_000 }, async (_, replace) => {
  const folder = temporaryFolder('sqlite-replaced')
  onTestFinished(folder.remove)
  for (let round = 0; round < rounds; round += 1) {
    const admissions = countAdmissions(await redeemWhile(join(folder.path, `${round}.db`), replace))
    expect([...admissions.values()].filter((times) => times > 1)).toEqual([])
  }
})
