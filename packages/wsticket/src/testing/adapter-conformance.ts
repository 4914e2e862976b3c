/**
 * The conformance suite for adapters: flat data, for any test runner. An adapter's own test is a harness and a loop:
 *
 * ```ts
 * for (const { name, run } of adapterCasesFor(harness)) it(name, () => run(harness))
 * ```
 *
 * Every case starts a server, talks to it over TCP in exact bytes, and fails where anything is left of a connection whose
 * client is gone.
 * @module
 */
import { admittingCases } from './adapter-admitting.ts'
import { cookieCases } from './adapter-cookies.ts'
import { firstMessageCases } from './adapter-first-messages.ts'
import type { AdapterCase, AdapterHarness } from './adapter-harness.ts'
import { issuingCases } from './adapter-issuing.ts'
import { lockCases } from './adapter-locks.ts'
import { malformedCases } from './adapter-malformed.ts'
import { messageCases } from './adapter-messages.ts'
import { passageCases } from './adapter-passage.ts'
import { pendingCases } from './adapter-pending.ts'
import { refusingCases } from './adapter-refusing.ts'
import { sessionCases } from './adapter-sessions.ts'

export type {
  AdapterCapability,
  AdapterCase,
  AdapterHarness,
  ConformanceApplication,
  ConnectionView,
  ServerParts,
  ServerUnderTest,
} from './adapter-harness.ts'

/** Every case. */
export const adapterConformance: readonly AdapterCase[] = [
  ...issuingCases,
  ...admittingCases,
  ...passageCases,
  ...refusingCases,
  ...lockCases,
  ...cookieCases,
  ...pendingCases,
  ...malformedCases,
  ...messageCases,
  ...firstMessageCases,
  ...sessionCases,
]

/** The cases that apply to a platform: all but those that need what it lacks. */
export function adapterCasesFor({ lacks = {} }: AdapterHarness): readonly AdapterCase[] {
  return adapterConformance.filter(({ needs = [] }) => needs.every((capability) => lacks[capability] === undefined))
}
