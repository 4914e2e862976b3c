/**
 * A filesystem of its own, on a disk that can lose its power: what was not written yet is gone then (FS_IOC_SHUTDOWN).
 * @module
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Mounts } from './mounts.ts'

/** A disk, mounted. */
export interface Disk {
  /** Where it is mounted. */
  readonly folder: string
  /** Writes everything. */
  flush(): void
  losePower(): void
  /** Mounts it again, as it is. */
  comeBack(): void
  remove(): void
}

// linux/fs.h: FS_IOC_SHUTDOWN, with FS_SHUTDOWN_FLAGS_NOLOGFLUSH.
const cutOff =
  'my $flag = pack("I", 2); sysopen(my $folder, $ARGV[0], 0) or die $!; ioctl($folder, 0x8004587d, $flag) or die $!'

/** Creates a disk in a folder, with options of mkfs.ext4. */
export function createDisk(mounts: Mounts, within: string, options: readonly string[] = []): Disk {
  const image = join(within, 'image')
  const folder = join(within, 'disk')
  execFileSync('mkdir', [folder])
  execFileSync('truncate', ['--size=32M', image])
  execFileSync('mkfs.ext4', ['-q', ...options, image], { stdio: 'ignore' })
  const device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim()
  const mount = () => mounts.run('mount', device, folder)
  mount()
  return {
    folder,
    flush: () => mounts.run('sync', '--file-system', folder),
    losePower: () => mounts.run('perl', '-e', cutOff, folder),
    comeBack() {
      mounts.run('umount', folder)
      mount()
    },
    remove: () => void execFileSync('losetup', ['--detach', device]),
  }
}
