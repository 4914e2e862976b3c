/**
 * How the process ends.
 * @module
 */
import { once } from 'node:events'

/** Resolves at the first SIGTERM or SIGINT. The second one ends the process at once, as ever. */
export async function untilToldToStop(): Promise<void> {
  const waiting = new AbortController()
  const { signal } = waiting
  await Promise.race(['SIGTERM', 'SIGINT'].map((name) => once(process, name, { signal })))
  waiting.abort()
}
