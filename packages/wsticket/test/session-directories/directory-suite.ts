import { expect, it } from 'vitest'
import type { SessionDirectory } from '../../src/session-directory.ts'
import {
  runSessionDirectoryCase,
  type SessionDirectoryHarness,
  sessionDirectoryConformance,
} from '../../src/testing/session-directory-conformance.ts'

/** Runs the published suite, unchanged. */
export function itConformsAsDirectory(createHarness: () => SessionDirectoryHarness | Promise<SessionDirectoryHarness>) {
  for (const conformanceCase of sessionDirectoryConformance) {
    it(conformanceCase.name, async ({ skip }) => {
      const skipped = await runSessionDirectoryCase(conformanceCase, createHarness)
      if (skipped !== null) skip(skipped)
      expect(skipped).toBeNull()
    })
  }
}

/** A handle, and what ends its connection. */
export interface OpenedDirectory {
  readonly directory: SessionDirectory
  end(): unknown
}

/** The harness of a directory on an engine elsewhere. */
export function directoryHarnessOf(
  open: () => Promise<OpenedDirectory>,
  lose: () => Promise<unknown>,
  clean: () => unknown = lose,
): SessionDirectoryHarness {
  const opened: OpenedDirectory[] = []
  const openOne = async () => {
    const one = await open()
    opened.push(one)
    return one.directory
  }
  return {
    open: openOne,
    openSecond: openOne,
    lose: async () => void (await lose()),
    async dispose() {
      for (const { directory, end } of opened) {
        await directory.close()
        await end()
      }
      await clean()
    },
  }
}
