import { expect, it } from 'vitest'
import type { SessionLog } from '../../src/session-log.ts'
import {
  createMovableClock,
  runSessionLogCase,
  type SessionLogHarness,
  sessionLogConformance,
} from '../../src/testing/session-log-conformance.ts'

/** Runs the published suite, unchanged. */
export function itConformsAsLog(createHarness: () => SessionLogHarness | Promise<SessionLogHarness>): void {
  for (const conformanceCase of sessionLogConformance) {
    it(conformanceCase.name, async ({ skip }) => {
      const skipped = await runSessionLogCase(conformanceCase, createHarness)
      if (skipped !== null) skip(skipped)
      expect(skipped).toBeNull()
    })
  }
}

/** A handle, and what ends its connection. */
export interface OpenedLog {
  readonly log: SessionLog
  end(): unknown
}

/** The harness of a log on an engine that goes by its own clock. */
export function harnessOf(open: () => Promise<OpenedLog>, lose: () => Promise<unknown>): SessionLogHarness {
  const opened: OpenedLog[] = []
  const openOne = async () => {
    const one = await open()
    opened.push(one)
    return one.log
  }
  return {
    clock: createMovableClock(),
    open: openOne,
    openSecond: openOne,
    lose: async () => void (await lose()),
    obeysClock: false,
    async dispose() {
      for (const { log, end } of opened) {
        await log.close()
        await end()
      }
      await lose()
    },
  }
}
