/** F20: the disk is full. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, type TestContext } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { until } from 'wsticket-engines/until'
import { admittedBy, countInBoth } from './admitted.ts'
import { openMounts, reasonForNoMounts } from './mounts.ts'
import { type Program, startProgram } from './program.ts'
import { positionsIn } from './scribed.ts'

const offered = 3000

function countOf(lines: readonly string[], outcome: string): number {
  return lines.filter((line) => line.startsWith(`${outcome} `)).length
}

/** Redeems until the store has seen that there is room again. */
async function untilItRedeems(clerk: Program, number: number): Promise<readonly string[]> {
  return until('the clerk redeems', async () => {
    const said = await clerk.ask(`redeem ${number} ${number + 1}`)
    return countOf(said, 'unavailable') === 0 ? said : null
  })
}

/** Opens a disk of one megabyte. */
async function openDisk({ skip }: TestContext) {
  const reason = reasonForNoMounts()
  if (reason !== null) skip(reason)
  const folder = temporaryFolder('sqlite-full')
  const mounts = await openMounts()
  onTestFinished(async () => {
    await mounts.close()
    folder.remove()
  })
  const disk = join(folder.path, 'disk')
  mkdirSync(disk)
  mounts.run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk)
  return {
    path: join(disk, 'tickets.db'),
    prefix: mounts.prefix,
    makeRoom: () => mounts.run('mount', '-o', 'remount,size=16m', disk),
  }
}

it('takes no more tickets, spends none, and admits none twice, until there is room again', async (context) => {
  const { path, prefix, makeRoom } = await openDisk(context)
  const clerk = startProgram('clerk', [path], prefix)

  const issuing = await clerk.ask(`issue 0 ${offered}`)
  const issued = countOf(issuing, 'issued')
  expect(issued).toBeGreaterThan(0)
  expect(countOf(issuing, 'capacity')).toBe(offered - issued)

  const whileFull = await clerk.ask(`redeem 0 ${issued}`)
  expect(countOf(whileFull, 'unavailable')).toBeGreaterThan(0)

  makeRoom()
  const afterwards = [...(await untilItRedeems(clerk, 0)), ...(await clerk.ask(`redeem 1 ${issued}`))]
  expect(countInBoth(admittedBy(whileFull), admittedBy(afterwards))).toBe(0)
  expect(admittedBy(whileFull).size + admittedBy(afterwards).size).toBe(issued)
  expect(await clerk.ask('issue 9000 9001')).toContain('issued 9000')
})

it('writes no more into the session log, has what it said it wrote, and goes on when there is room again', async (context) => {
  const { path, prefix, makeRoom } = await openDisk(context)
  const scribe = startProgram('scribe', [path, 'a'], prefix)
  const said = await scribe.ask(`append 0 ${3 * offered}`)
  const written = positionsIn(said)
  expect(written.length).toBeGreaterThan(1)
  expect(said).toContain('capacity')
  const [first, ...others] = written
  expect(positionsIn(await scribe.ask(`readAfter ${first}`))).toEqual(others.slice(0, 1000))
  makeRoom()
  const [more] = positionsIn(await scribe.ask('append 9000 9001'))
  expect(positionsIn(await scribe.ask(`readAfter ${others.at(-1)}`))).toEqual([more])
})
