/**
 * `sqlite:/var/lib/wsticket.db`
 * @module
 */
import { ConfigurationError } from '../errors.ts'
import type { Opener } from '../opener.ts'
import { numberOptions, requireParameters } from '../store-url.ts'

/** Opens stores, session logs and session directories in a file. */
export const sqliteOpener: Opener = {
  schemes: ['sqlite'],
  read(url, trial) {
    requireParameters(url, 'busyTimeoutMs')
    // Elsewhere sqlite://path means one of two things, depending on the slashes.
    if (url.authority !== null || url.path === '')
      throw new ConfigurationError('url', 'must be sqlite: and a path, such as sqlite:/var/lib/wsticket.db')
    const path = trial === null ? url.path : `${url.path}.${trial}`
    const options = { path, ...numberOptions(url, 'busyTimeoutMs') }
    return {
      async open(clock) {
        const { createSqliteStore } = await import('../stores/sqlite.ts')
        return createSqliteStore({ ...options, clock })
      },
      async openLog() {
        const { createSqliteSessionLog } = await import('../session-logs/sqlite.ts')
        return createSqliteSessionLog(options)
      },
      async openDirectory() {
        const { createSqliteSessionDirectory } = await import('../session-directories/sqlite.ts')
        return createSqliteSessionDirectory(options)
      },
      async erase() {
        const { rm } = await import('node:fs/promises')
        await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(`${path}${suffix}`, { force: true })))
      },
    }
  },
}
