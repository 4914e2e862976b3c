import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from 'wsticket-engines/process'
import { createSqliteStore } from '../../src/stores/sqlite.ts'
import {
  createMovableClock,
  runStoreCase,
  type StoreHarness,
  storeConformance,
} from '../../src/testing/store-conformance.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { type Program, startProgram } from './program.ts'
import { openRaw } from './raw-database.ts'

function createSqliteHarness(): StoreHarness {
  const clock = createMovableClock()
  const folder = temporaryFolder('sqlite')
  const path = join(folder.path, 'tickets.db')
  const stores: TicketStore[] = []
  let locker: Program | null = null
  const open = async (file = path) => {
    const store = createSqliteStore({ path: file, busyTimeoutMs: 50, clock: clock.now })
    stores.push(store)
    // A file that there is not yet is locked in another way than one that is in use.
    await store.inspect()
    return store
  }
  return {
    clock,
    open: () => open(),
    openSecond: () => open(),
    capabilities: {
      dump: async () => bytesOf(path) + JSON.stringify(rowsOf(path)),
      size: async () => rowsOf(path).length,
      namespaces: (name) => open(join(folder.path, encodeURIComponent(name))),
      capacity: { lacks: 'it takes as many records as the disk does: faults-disk.test.ts' },
      handedInClient: { lacks: 'it has no client' },
      outage: {
        async begin() {
          locker = startProgram('locker', [path])
          await locker.until('locked')
        },
        async end() {
          await locker?.kill()
        },
      },
    },
    async dispose() {
      await locker?.kill()
      for (const store of stores) await store.close()
      folder.remove()
    },
  }
}

/** Read by another process: closing one of these files would let go of the locks that this one has on it. */
function bytesOf(path: string): string {
  const files = [path, `${path}-wal`].filter((file) => existsSync(file))
  return execFileSync('cat', files, { encoding: 'latin1', maxBuffer: 2 ** 27 })
}

function rowsOf(path: string): readonly unknown[] {
  const database = openRaw(path)
  const rows = database.prepare('SELECT * FROM wsticket_tickets').all()
  database.close()
  return rows
}

describe('the SQLite store', () => {
  for (const conformanceCase of storeConformance) {
    it(conformanceCase.name, async ({ skip }) => {
      const skipped = await runStoreCase(conformanceCase, createSqliteHarness)
      if (skipped !== null) skip(skipped)
      expect(skipped).toBeNull()
    })
  }
})
