/**
 * Everything that can be found out about somebody's own engine without harming it.
 * @module
 */
import type { StoreInspection } from 'wsticket'
import { createUrlHarness } from 'wsticket/testing/url-harness'
import { type RaceResult, race } from './race.ts'
import { reasonOf, runSuite, type SuiteResult } from './suite.ts'

/** What was found out. */
export interface StoreReport extends StoreInspection {
  readonly suite: SuiteResult
  /** Null where there was none. */
  readonly race: RaceResult | null
  /** Everything that speaks against the engine, or is not known; each a sentence without its full stop. None is good. */
  readonly objections: readonly string[]
}

/**
 * Checks the engine that a URL names, on namespaces of its own, which are removed. Stops early where the signal says so.
 * @param tickets how many are raced for
 * @throws ConfigurationError for a URL that cannot be, and an engine that is of no use; StoreError for one that is away.
 */
export async function checkStore(url: string, tickets: number, signal: AbortSignal): Promise<StoreReport> {
  const inspection = await inspect(url)
  const suite = await runSuite(url, signal)
  const raced = suite.complete && !signal.aborted ? await race(url, tickets, signal).catch(reasonOf) : null
  const objections = [...objectionsToSuite(suite), ...objectionsToRace(raced)]
  if (signal.aborted) objections.push('the check was stopped')
  return { ...inspection, suite, race: typeof raced === 'string' ? null : raced, objections }
}

async function inspect(url: string): Promise<StoreInspection> {
  const harness = createUrlHarness(url)
  const inspection = await harness
    .open()
    .then((store) => store.inspect())
    .catch(async (error: unknown) => {
      // An engine that cannot be looked at has hardly anything of ours, and why it cannot is what matters.
      await harness.dispose().catch(() => {})
      throw error
    })
  await harness.dispose()
  return inspection
}

function objectionsToSuite({ failures, complete }: SuiteResult): string[] {
  const { length } = failures
  return [
    ...(length === 0 ? [] : [`${length} ${length === 1 ? 'case failed' : 'cases failed'}`]),
    ...(complete ? [] : ['not every case was tried']),
  ]
}

function objectionsToRace(raced: RaceResult | string | null): string[] {
  if (raced === null) return []
  if (typeof raced === 'string') return [`the race was not finished: ${raced}`]
  const { redeemedOften, redeemedNever, faults } = raced
  return [
    ...(redeemedOften === 0 ? [] : [`${redeemedOften} tickets were redeemed more than once`]),
    ...(redeemedNever === 0 ? [] : [`${redeemedNever} tickets could not be redeemed`]),
    ...(faults === 0 ? [] : [`${faults} redemptions ended in a fault`]),
  ]
}
