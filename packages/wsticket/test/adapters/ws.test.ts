import { describe, it } from 'vitest'
import { adapterCasesFor } from 'wsticket/testing/adapter-conformance'
import { wsHarness } from './ws-harness.ts'

describe('the adapter for ws', () => {
  for (const { name, run } of adapterCasesFor(wsHarness)) it(name, () => run(wsHarness))
})
