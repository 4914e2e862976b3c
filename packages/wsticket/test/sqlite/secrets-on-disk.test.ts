import { join } from 'node:path'
import { it, onTestFinished } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { createSqliteStore } from '../../src/stores/sqlite.ts'
import { expectNoCanary, releaseCanaries } from '../canaries.ts'

it('no ticket, no key and no token is in the files of SQLite, while they are open and afterwards', async () => {
  const folder = temporaryFolder('secrets')
  onTestFinished(() => folder.remove())
  const store = createSqliteStore({ path: join(folder.path, 'tickets.db') })
  const canaries = await releaseCanaries(store)
  expectNoCanary(folder.path, '', canaries)
  await store.close()
  expectNoCanary(folder.path, '', canaries)
})
