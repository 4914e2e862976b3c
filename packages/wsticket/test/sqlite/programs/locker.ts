/**
 * Locks a database for writing, as a backup or a shell that somebody forgot would, until it is killed.
 *   node locker.ts <path>
 */
import { openRaw } from '../raw-database.ts'

const database = openRaw(process.argv[2] as string)
database.exec('BEGIN EXCLUSIVE')
process.stdout.write('locked\n')
process.stdin.resume()
