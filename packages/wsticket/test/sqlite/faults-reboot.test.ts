/** F20: the machine loses its power after tickets were redeemed, or sessions revoked, and before its disk has it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, type TestContext } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { admittedBy, countInBoth } from './admitted.ts'
import { createDisk, type Disk } from './disk.ts'
import { type Mounts, openMounts, reasonForNoMounts } from './mounts.ts'
import { type Program, startProgram } from './program.ts'
import { positionsIn } from './scribed.ts'

const tickets = 200

interface Machine {
  readonly mounts: Mounts
  readonly disk: Disk
  /** Gives the present boot a name; an empty one for a system that names none. */
  nameBoot(bootId: string): void
}

async function startMachine({ skip }: TestContext): Promise<Machine> {
  const reason = reasonForNoMounts()
  if (reason !== null) skip(reason)
  const folder = temporaryFolder('sqlite-power')
  const mounts = await openMounts()
  const disk = createDisk(mounts, folder.path)
  onTestFinished(async () => {
    await mounts.close()
    disk.remove()
    folder.remove()
  })
  return {
    mounts,
    disk,
    nameBoot(bootId) {
      const file = join(folder.path, `boot ${bootId}`)
      writeFileSync(file, bootId)
      mounts.run('mount', '--bind', file, '/proc/sys/kernel/random/boot_id')
    },
  }
}

/** Issues tickets, redeems them all, and loses power; redeems them all again in the boot that follows. */
async function redeemAroundPowerLoss({ mounts, disk, nameBoot }: Machine, nextBoot: string | null) {
  const path = join(disk.folder, 'tickets.db')
  const before = startProgram('clerk', [path], mounts.prefix)
  await before.ask(`issue 0 ${tickets}`)
  disk.flush()
  const first = await before.ask(`redeem 0 ${tickets}`)
  disk.losePower()
  await before.kill()
  disk.comeBack()
  if (nextBoot !== null) nameBoot(nextBoot)
  const after = startProgram('clerk', [path], mounts.prefix)
  const again = await after.ask(`redeem 0 ${tickets}`)
  const fresh = [...(await after.ask('issue 900 901')), ...(await after.ask('redeem 900 901'))]
  const inspection = await after.ask('inspect')
  await after.kill()
  return {
    admitted: admittedBy(first).size,
    admittedTwice: countInBoth(admittedBy(first), admittedBy(again)),
    again: [...new Set(again.filter((line) => / \d+$/.test(line)).map((line) => line.split(' ')[0]))],
    fresh: fresh.filter((line) => line.endsWith(' 900')),
    inspection: inspection.slice(0, -1),
  }
}

it('admits no ticket of the boot before, though the disk has lost that they are spent', async (context) => {
  const machine = await startMachine(context)
  const seen = await redeemAroundPowerLoss(machine, '6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9')
  expect(seen).toEqual({
    admitted: tickets,
    admittedTwice: 0,
    again: ['unknown'],
    fresh: ['issued 900', 'redeemed 900'],
    inspection: [],
  })
})

it('would admit them all again if it did not know one boot from another: the loss is real', async (context) => {
  const machine = await startMachine(context)
  const seen = await redeemAroundPowerLoss(machine, null)
  expect(seen).toMatchObject({ admitted: tickets, admittedTwice: tickets })
})

it('waits for the disk where boots have no names, and loses nothing', async (context) => {
  const machine = await startMachine(context)
  machine.nameBoot('')
  const seen = await redeemAroundPowerLoss(machine, null)
  expect(seen).toMatchObject({
    admitted: tickets,
    admittedTwice: 0,
    again: ['spent'],
    inspection: [expect.stringContaining('waits for the disk')],
  })
})

it('tells a node whose last entry the disk has lost that the log has lost entries, also where another has its number', async (context) => {
  const { mounts, disk } = await startMachine(context)
  const path = join(disk.folder, 'tickets.db')
  const [before, node] = ['before', 'node'].map((name) => startProgram('scribe', [path, name], mounts.prefix)) as [
    Program,
    Program,
  ]
  const [kept = ''] = positionsIn(await before.ask('append 0 1'))
  disk.flush()
  const lost = positionsIn(await before.ask('append 1 4'))
  expect(positionsIn(await node.ask(`readAfter ${kept}`))).toEqual(lost)
  disk.losePower()
  await Promise.all([before.kill(), node.kill()])
  disk.comeBack()
  const after = startProgram('scribe', [path, 'after'], mounts.prefix)
  const written = positionsIn(await after.ask('append 0 3'))
  expect(written.map(numberOf)).toEqual(lost.map(numberOf))
  for (const position of lost) expect(await after.ask(`readAfter ${position}`)).toContain('lost')
  expect(positionsIn(await after.ask(`readAfter ${kept}`))).toEqual(written)
})

function numberOf(position: string): string | undefined {
  return position.split('/')[0]
}
