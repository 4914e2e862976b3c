/**
 * The reign of a SQLite database: the time in which what was committed to it is neither lost nor brought back. A ticket is good in
 * the reign that issued it, and in no other.
 *
 * Commits are not waited for until the disk has them (`synchronous = NORMAL`), so a reign ends with the boot. It also ends where
 * the database becomes another file, or its log does: the log is removed by the last process that closes the database, and by
 * whoever restores a backup by the book.
 * @module
 */
import { builtinModule } from './builtin-module.ts'

/** What a file is, by whatever name. */
export interface FileIdentity {
  readonly dev: bigint
  readonly ino: bigint
  /** 0 where the filesystem does not keep it. */
  readonly birthtimeNs: bigint
}

/** `node:fs`, as far as it is used here. */
interface FileSystem {
  readFileSync(path: string, encoding: 'utf8'): string
  statSync(path: string, options: { readonly bigint: true; readonly throwIfNoEntry: false }): FileIdentity | undefined
}

/** A database and its log, as files. */
export interface DatabaseFiles {
  readonly database: FileIdentity
  readonly log: FileIdentity
}

// Undefined on runtimes that are not Node, where nobody opens a database.
const fileSystem = builtinModule<FileSystem>('node:fs') as FileSystem

const bootIdPath = '/proc/sys/kernel/random/boot_id'
const bootIdForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What the kernel calls the time since it was started (random(4)); null where there is no such name: outside of Linux. */
export function readBootId(): string | null {
  try {
    const text = fileSystem.readFileSync(bootIdPath, 'utf8').trim()
    return bootIdForm.test(text) ? text : null
  } catch {
    return null
  }
}

/** The file that is at a path now; undefined where there is none. */
export function identifyFile(path: string): FileIdentity | undefined {
  return fileSystem.statSync(path, { bigint: true, throwIfNoEntry: false })
}

/** The files of a database by its path; undefined where one of them is not there. */
export function identifyDatabase(path: string): DatabaseFiles | undefined {
  const database = identifyFile(path)
  const log = identifyFile(`${path}-wal`)
  return database && log && { database, log }
}

/** Whether two looks were at the same files. */
export function areSameFiles(one: DatabaseFiles, other: DatabaseFiles | undefined): boolean {
  return isSameFile(one.database, other?.database) && isSameFile(one.log, other?.log)
}

/** Whether two looks were at the same file. */
export function isSameFile(one: FileIdentity, other: FileIdentity | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev && one.birthtimeNs === other.birthtimeNs
}

/** The name of a reign: three words, the last two of them `device-inode-birth`. */
export function nameReign(bootId: string | null, { database, log }: DatabaseFiles): string {
  return `${bootId ?? 'no-boot-id'} ${nameFile(database)} ${nameFile(log)}`
}

// The inode alone is not enough: most filesystems give the number of a removed file to the next one that is made.
function nameFile({ dev, ino, birthtimeNs }: FileIdentity): string {
  return `${dev}-${ino}-${birthtimeNs}`
}
