/**
 * Mounts that only the processes of a test see, and that are gone with them. For root only.
 * @module
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** A namespace of mounts. */
export interface Mounts {
  /** What runs a command in it. */
  readonly prefix: readonly string[]
  /** Runs a command in it to its end. */
  run(...command: readonly string[]): void
  close(): Promise<void>
}

/** Why there can be none here; null where there can. */
export function reasonForNoMounts(): string | null {
  const { status } = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
  return status === 0 ? null : 'needs a Linux on which this user may mount'
}

/** Opens a namespace of mounts. */
export async function openMounts(): Promise<Mounts> {
  const holder = spawn('setpriv', ['--pdeathsig', 'SIGKILL', 'unshare', '--mount', 'sh', '-c', 'echo; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'exit')
  await once(holder.stdout, 'data')
  const prefix = ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--']
  return {
    prefix,
    run(...command) {
      const [file = '', ...args] = [...prefix, ...command]
      execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    },
    async close() {
      holder.kill('SIGKILL')
      await ended
    },
  }
}
