import { join } from 'node:path'
import { describe } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { createSqliteSessionDirectory } from '../../src/session-directories/sqlite.ts'
import { directoryHarnessOf, itConformsAsDirectory } from '../session-directories/directory-suite.ts'
import { openRaw } from './raw-database.ts'

describe('the directory in SQLite', () => {
  itConformsAsDirectory(() => {
    const folder = temporaryFolder('sqlite-directory')
    const path = join(folder.path, 'tickets.db')
    return directoryHarnessOf(
      async () => ({ directory: createSqliteSessionDirectory({ path }), end: () => {} }),
      async () => {
        const database = openRaw(path)
        database.exec('DELETE FROM wsticket_nodes; DELETE FROM wsticket_directory')
        database.close()
      },
      () => folder.remove(),
    )
  })
})
