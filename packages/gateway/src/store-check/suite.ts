/**
 * The published conformance suite, on an engine that is known by its URL.
 * @module
 */
import { ConfigurationError, StoreError } from 'wsticket'
import { ConformanceFailure, runStoreCase, type StoreCase, storeConformance } from 'wsticket/testing/store-conformance'
import { createUrlHarness } from 'wsticket/testing/url-harness'

/** What came of the suite. */
export interface SuiteResult {
  readonly cases: number
  readonly passed: number
  readonly failures: readonly Failure[]
  /** How many cases were skipped, by the reason. */
  readonly skipped: { readonly [reason: string]: number }
  /** Whether all cases were tried. */
  readonly complete: boolean
}

/** A case that the store fails. */
export interface Failure {
  readonly name: string
  readonly reason: string
}

/** Runs one case after another, until they are through, the engine is away, or the signal says to stop. */
export async function runSuite(url: string, signal: AbortSignal): Promise<SuiteResult> {
  const failures: Failure[] = []
  const skipped: { [reason: string]: number } = {}
  let tried = 0
  let away = false
  for (const storeCase of storeConformance) {
    if (away || signal.aborted) break
    tried += 1
    try {
      const reason = await runStoreCase(storeCase, () => createUrlHarness(url))
      if (reason !== null) skipped[reason] = (skipped[reason] ?? 0) + 1
    } catch (error) {
      failures.push(failureOf(storeCase, error))
      away = error instanceof StoreError && error.code === 'unavailable'
    }
  }
  const skips = Object.values(skipped).reduce((sum, count) => sum + count, 0)
  const { length: cases } = storeConformance
  return { cases, passed: tried - failures.length - skips, failures, skipped, complete: tried === cases }
}

function failureOf({ name }: StoreCase, error: unknown): Failure {
  return { name, reason: reasonOf(error) }
}

/** What may be shown of an error: a client's may quote the URL. */
export function reasonOf(error: unknown): string {
  const ours = [ConformanceFailure, StoreError, ConfigurationError].some((kind) => error instanceof kind)
  const { message, code, name } = error as { message: string; code?: unknown; name: string }
  return ours ? message : `it failed (${typeof code === 'string' ? code : name})`
}
