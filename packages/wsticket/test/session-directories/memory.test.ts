import { describe } from 'vitest'
import { createMemorySessionDirectory } from '../../src/session-directories/memory.ts'
import type { SessionDirectoryHarness } from '../../src/testing/session-directory-conformance.ts'
import { itConformsAsDirectory } from './directory-suite.ts'

function createMemoryHarness(): SessionDirectoryHarness {
  const directory = createMemorySessionDirectory()
  return {
    open: async () => directory,
    openSecond: async () => directory,
    lose: null,
    dispose: () => directory.close(),
  }
}

describe('the memory directory', () => itConformsAsDirectory(createMemoryHarness))
