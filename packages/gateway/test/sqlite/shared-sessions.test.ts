import { join } from 'node:path'
import { temporaryFolder } from 'wsticket-engines/process'
import { describeSharedSessions } from '../services/shared-sessions.ts'

describeSharedSessions('file of SQLite', async () => {
  const { path, remove } = temporaryFolder('sqlite-gateways')
  return { url: `sqlite:${join(path, 'tickets.db')}`, dispose: remove }
})
