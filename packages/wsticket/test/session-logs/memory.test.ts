import { describe } from 'vitest'
import { createMemorySessionLog } from '../../src/session-logs/memory.ts'
import { createMovableClock, type SessionLogHarness } from '../../src/testing/session-log-conformance.ts'
import { itConformsAsLog } from './log-suite.ts'

function createMemoryHarness(): SessionLogHarness {
  const clock = createMovableClock()
  const log = createMemorySessionLog({ clock: clock.now })
  return {
    clock,
    open: async () => log,
    openSecond: async () => log,
    lose: null,
    obeysClock: true,
    dispose: () => log.close(),
  }
}

describe('the memory log', () => itConformsAsLog(createMemoryHarness))
