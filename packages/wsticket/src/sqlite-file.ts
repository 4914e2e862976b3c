/**
 * Where a SQLite file for tickets may be, and how it is made there.
 * @module
 */
import { builtinModule } from './builtin-module.ts'
import { ConfigurationError } from './errors.ts'
import { networkFilesystemOf } from './network-filesystem.ts'

/** What is used of `node:fs`. */
interface FileSystem {
  openSync(path: string, flags: string, mode: number): number
  closeSync(file: number): void
  realpathSync(path: string): string
  statfsSync(path: string): { readonly type: number }
}

// Undefined on runtimes that are not Node, where nobody opens a database.
const fileSystem = builtinModule<FileSystem>('node:fs') as FileSystem
const { dirname } = (builtinModule('node:path') ?? {}) as { dirname(path: string): string }

/** Whether the filesystem of a file can be told: elsewhere its type is another number, or none. */
export const tellsFilesystems: boolean = builtinModule<{ platform(): string }>('node:os')?.platform() === 'linux'

const onlyItsOwner = 0o600

/**
 * Sees to it that there is a file at a path, by default one that only its owner can read, and says where it really is.
 * @throws ConfigurationError where a database cannot be shared safely; else what `node:fs` throws.
 */
export function makeDatabaseFile(path: string): string {
  requireLocal(dirname(path))
  createUnlessThere(path)
  const place = fileSystem.realpathSync(path)
  requireLocal(place)
  requireBesideItsFolder(place)
  return place
}

/** Never opens a file that is there: closing it again would let go of every lock that this process has on it (POSIX). */
function createUnlessThere(path: string): void {
  try {
    fileSystem.closeSync(fileSystem.openSync(path, 'wx', onlyItsOwner))
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  }
}

function requireLocal(path: string): void {
  if (!tellsFilesystems) return
  const name = networkFilesystemOf(fileSystem.statfsSync(path).type)
  if (name === null) return
  throw new ConfigurationError('path', `is on a network filesystem (${name}): SQLite needs a disk of this machine`)
}

/** A file that is mounted alone has its log in another folder in every container: two logs of one database. */
function requireBesideItsFolder(place: string): void {
  if (!tellsFilesystems || fileSystem.statfsSync(place).type === fileSystem.statfsSync(dirname(place)).type) return
  throw new ConfigurationError('path', 'is a file that is mounted by itself: mount its folder')
}
