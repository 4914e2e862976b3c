/**
 * Drain: closes what is open, spread over a window, so that not everybody comes back at once.
 * @module
 */
import { requireDeadline } from './deadline.ts'
import { ConfigurationError } from './errors.ts'
import type { ExpectedSessions } from './expected-sessions.ts'
import type { LiveSessions } from './live-sessions.ts'

/** How sessions are drained. */
export interface DrainOptions {
  /** Over how long the close frames are spread, in milliseconds; not longer than `deadlineMs`. Default 5,000; 0 for all at once. */
  readonly windowMs?: number
  /** When what is still open is cut, in milliseconds from the beginning. Default 10,000. */
  readonly deadlineMs?: number
}

const defaultWindowMs = 5000
const defaultDeadlineMs = 10_000
const stepMs = 50
const mostCutMs = 1000

/**
 * Checks the options, and fills in the defaults.
 * @throws ConfigurationError for an option that cannot be.
 */
export function readDrainOptions(options: DrainOptions): Required<DrainOptions> {
  const deadlineMs = requireDeadline(options.deadlineMs ?? defaultDeadlineMs)
  const { windowMs = Math.min(defaultWindowMs, deadlineMs) } = options
  if (windowMs !== 0) requireDeadline(windowMs, 'windowMs')
  if (windowMs > deadlineMs) throw new ConfigurationError('windowMs', 'must not be longer than deadlineMs')
  return { windowMs, deadlineMs }
}

/** What is drained. */
export interface Drained {
  readonly live: LiveSessions
  /** Those who were asked in before the door was closed: each is refused, or closed as soon as it is a session. */
  readonly expected: ExpectedSessions
}

/** Resolves when nothing is open any more, and nobody comes any more. */
export async function drainSessions({ live, expected }: Drained, plan: Required<DrainOptions>): Promise<void> {
  const { windowMs, deadlineMs } = plan
  expected.drain()
  const startedAt = performance.now()
  const open = live.list(null)
  let closed = 0
  while (live.count + expected.count > 0) {
    const passedMs = performance.now() - startedAt
    if (passedMs >= deadlineMs) return cut(live)
    const due = windowMs === 0 ? open.length : Math.ceil((open.length * passedMs) / windowMs)
    for (const { id } of open.slice(closed, due)) live.end(id, 'draining')
    closed = Math.max(closed, Math.min(due, open.length))
    await pause(Math.min(stepMs, deadlineMs - passedMs))
  }
}

/** Ends what is left, and waits until it is gone: a connection says so in a moment. */
async function cut(live: LiveSessions): Promise<void> {
  live.destroyAll()
  for (let waitedMs = 0; live.count > 0 && waitedMs < mostCutMs; waitedMs += stepMs) await pause(stepMs)
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs)
  })
}
