import { describe, expect, it } from 'vitest'
import { adapterConformance } from 'wsticket/testing/adapter-conformance'
import { brokenGuards } from './broken-guards.ts'
import { createWsHarness } from './ws-harness.ts'

// Long enough for whatever works, on a busy machine as well: what is broken mostly fails at once.
const deadlineMs = 500

describe('the suite for adapters finds out an adapter that', () => {
  for (const [name, { guard, foundOutBy }] of Object.entries(brokenGuards)) {
    it(name, async () => {
      const harness = createWsHarness(guard, deadlineMs)
      const suspects = adapterConformance.filter((one) => foundOutBy.some((start) => one.name.startsWith(start)))
      expect(foundOutBy.filter((start) => !suspects.some((one) => one.name.startsWith(start)))).toEqual([])
      const outcomes = await Promise.allSettled(suspects.map(({ run }) => run(harness)))
      expect(suspects.filter((_, at) => outcomes[at]?.status === 'fulfilled').map((one) => one.name)).toEqual([])
    })
  }
})
