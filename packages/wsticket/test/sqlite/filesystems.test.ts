/** Where tickets may be, on filesystems that are mounted for it. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { createDisk } from './disk.ts'
import { type Mounts, openMounts, reasonForNoMounts } from './mounts.ts'
import { startProgram } from './program.ts'

async function startMounts({ skip }: TestContext): Promise<{ mounts: Mounts; folder: string; mountPoint: string }> {
  const reason = reasonForNoMounts()
  if (reason !== null) skip(reason)
  const folder = temporaryFolder('sqlite-mounts')
  const mounts = await openMounts()
  onTestFinished(async () => {
    await mounts.close()
    folder.remove()
  })
  const mountPoint = join(folder.path, 'mounted')
  mkdirSync(mountPoint)
  return { mounts, folder: folder.path, mountPoint }
}

/** What a store says of a file in a folder. */
async function inspect(mounts: Mounts, folder: string): Promise<readonly string[]> {
  const clerk = startProgram('clerk', [join(folder, 'tickets.db')], mounts.prefix)
  await clerk.until('ready')
  return clerk.ask('inspect')
}

describe('the SQLite store', () => {
  it('refuses a filesystem in user space, which may be that of another machine', async (context) => {
    const { mounts, mountPoint } = await startMounts(context)
    await startProgram('fuse', [mountPoint], mounts.prefix).until('ready')
    expect(await inspect(mounts, mountPoint)).toEqual([
      'refused path is on a network filesystem (FUSE): SQLite needs a disk of this machine',
      'done',
    ])
  })

  it('takes a filesystem in memory', async (context) => {
    const { mounts, mountPoint } = await startMounts(context)
    mounts.run('mount', '-t', 'tmpfs', 'tmpfs', mountPoint)
    expect(await inspect(mounts, mountPoint)).toEqual(['done'])
  })

  it('takes the layers of a container', async (context) => {
    const { mounts, folder, mountPoint } = await startMounts(context)
    const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => join(folder, name))
    mounts.run('mkdir', `${lower}`, `${upper}`, `${work}`)
    mounts.run(
      'mount',
      '-t',
      'overlay',
      '-o',
      `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
      'overlay',
      mountPoint,
    )
    expect(await inspect(mounts, mountPoint)).toEqual(['done'])
  })

  it('says of a filesystem that keeps no time of birth what that weakens', async (context) => {
    const { mounts, folder } = await startMounts(context)
    const disk = createDisk(mounts, folder, ['-I', '128'])
    onTestFinished(disk.remove)
    expect(await inspect(mounts, disk.folder)).toEqual([
      expect.stringContaining('weakness This filesystem does not keep when a file was made'),
      'done',
    ])
  })
})
