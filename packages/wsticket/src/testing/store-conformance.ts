/**
 * The conformance suite of the port `TicketStore`: what every store does, on the engine that it is made for.
 *
 * ```ts
 * for (const conformanceCase of storeConformance) {
 *   test(conformanceCase.name, async (context) => {
 *     const skipped = await runStoreCase(conformanceCase, createHarness)
 *     if (skipped !== null) context.skip(skipped)
 *   })
 * }
 * ```
 * @module
 */
import { endingCases } from './store-conformance-ending.ts'
import { keepingCases } from './store-conformance-keeping.ts'
import { raceCases } from './store-conformance-races.ts'
import { spendingCases } from './store-conformance-spending.ts'
import { sweepingCases } from './store-conformance-sweeping.ts'
import { voidingCases } from './store-conformance-voiding.ts'
import { reasonToSkip, type StoreCase, type StoreHarness } from './store-harness.ts'

export { ConformanceFailure } from './conformance-case.ts'
export { createMovableClock, type MovableClock } from './movable-clock.ts'
export type { Lacking, Outage, StoreCapabilities, StoreCase, StoreHarness } from './store-harness.ts'

/** Every case, in the order in which they are best read. */
export const storeConformance: readonly StoreCase[] = [
  ...keepingCases,
  ...spendingCases,
  ...raceCases,
  ...voidingCases,
  ...sweepingCases,
  ...endingCases,
]

/**
 * Runs a case on a harness of its own, and disposes of it. Resolves with the reason where the harness cannot run it: a runner
 * has to show that as a skipped test.
 * @throws ConformanceFailure where the store fails the case.
 */
export async function runStoreCase(
  conformanceCase: StoreCase,
  createHarness: () => StoreHarness | Promise<StoreHarness>,
): Promise<string | null> {
  const harness = await createHarness()
  try {
    const reason = reasonToSkip(conformanceCase, harness)
    if (reason === null) await conformanceCase.run(harness)
    return reason
  } finally {
    await harness.dispose()
  }
}
