import { describe, expect, it } from 'vitest'
import { createMemorySessionLog } from '../../src/session-logs/memory.ts'
import {
  createMovableClock,
  runSessionLogCase,
  type SessionLogHarness,
  sessionLogConformance,
} from '../../src/testing/session-log-conformance.ts'

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

describe('the memory log', () => {
  for (const conformanceCase of sessionLogConformance) {
    it(conformanceCase.name, async ({ skip }) => {
      const skipped = await runSessionLogCase(conformanceCase, createMemoryHarness)
      if (skipped !== null) skip(skipped)
      expect(skipped).toBeNull()
    })
  }
})
