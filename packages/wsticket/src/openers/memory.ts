/**
 * `memory:`
 * @module
 */
import { ConfigurationError } from '../errors.ts'
import type { Opener } from '../opener.ts'
import { createMemorySessionDirectory } from '../session-directories/memory.ts'
import type { SessionDirectory } from '../session-directory.ts'
import type { SessionLog } from '../session-log.ts'
import { createMemorySessionLog } from '../session-logs/memory.ts'
import { requireParameters } from '../store-url.ts'
import { createMemoryStore } from '../stores/memory.ts'
import type { TicketStore } from '../ticket-store.ts'

/** Opens stores in the memory of this process. All handles of one source are the same store. */
export const memoryOpener: Opener = {
  schemes: ['memory'],
  read(url) {
    requireParameters(url)
    if (url.authority !== null || url.path !== '') throw new ConfigurationError('url', 'must be memory: and no more')
    let store: TicketStore | null = null
    let log: SessionLog | null = null
    let directory: SessionDirectory | null = null
    return {
      async open(clock) {
        store ??= createMemoryStore({ clock })
        return store
      },
      async openLog() {
        log ??= createMemorySessionLog()
        return log
      },
      async openDirectory() {
        directory ??= createMemorySessionDirectory()
        return directory
      },
      async erase() {
        await store?.close()
      },
    }
  },
}
