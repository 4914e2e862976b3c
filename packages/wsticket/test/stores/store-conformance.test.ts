import { describe, expect, it } from 'vitest'
import { type Lacking, runStoreCase, type StoreHarness, storeConformance } from '../../src/testing/store-conformance.ts'
import { createFindThenDeleteStore } from './find-then-delete-store.ts'
import { bugsOfMemory } from './seeded-bugs-of-memory.ts'
import { bugsOfTiming } from './seeded-bugs-of-timing.ts'
import { createEngineHarness, type Tamper } from './simulated-engine.ts'

/** The names of the cases that a store fails, in the order of the suite. */
async function failedBy(tamper?: Tamper): Promise<readonly string[]> {
  const failed: string[] = []
  for (const conformanceCase of storeConformance) {
    const run = runStoreCase(conformanceCase, () => createEngineHarness(tamper))
    const failure: unknown = await run.then(
      () => null,
      (error: unknown) => error,
    )
    if (failure !== null) failed.push(conformanceCase.name)
  }
  return failed
}

describe('the store suite', () => {
  it('has a name of its own for every case', () => {
    const names = storeConformance.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('is passed, with nothing skipped, by a store that does what the port says', async () => {
    for (const conformanceCase of storeConformance) {
      const skipped = await runStoreCase(conformanceCase, () => createEngineHarness())
      expect(skipped, conformanceCase.name).toBeNull()
    }
  })

  it('is failed in the races for a single use, and only there, by a store that finds and then deletes', async () => {
    expect(await failedBy(createFindThenDeleteStore)).toEqual([
      'spends a ticket once when it is redeemed 64 times at once',
      'spends each of 200 tickets once when each is redeemed 16 times at once',
      'lets one of two win when a ticket is redeemed and revoked at once',
      'spends a ticket once when it is redeemed while it is being inserted',
      'spends a ticket once when it is redeemed and swept at once before its expiry',
      'spends a ticket at most once when it is redeemed and swept at once around its expiry',
    ])
  })

  describe('notices a store that', () => {
    for (const { mistake, noticedBy, tamper } of [...bugsOfTiming, ...bugsOfMemory]) {
      it(mistake, async () => {
        expect(await failedBy(tamper)).toContain(noticedBy)
      })
    }
  })

  it('skips a case only where its harness says what it lacks and why, and says so', async () => {
    const lacking: Lacking = { lacks: 'nobody built it' }
    const skipped: string[] = []
    for (const conformanceCase of storeConformance) {
      const reason = await runStoreCase(conformanceCase, () => lackingEverything(lacking))
      if (reason === null) continue
      expect(reason).toMatch(/^needs \w+: nobody built it$/)
      skipped.push(conformanceCase.name)
    }
    expect(skipped).toEqual(storeConformance.filter(({ needs }) => needs !== undefined).map(({ name }) => name))
  })
})

function lackingEverything(lacking: Lacking): StoreHarness {
  return {
    ...createEngineHarness(),
    capabilities: {
      dump: lacking,
      size: lacking,
      namespaces: lacking,
      capacity: lacking,
      handedInClient: lacking,
      outage: lacking,
    },
  }
}
