/**
 * Drain: closes what is open, spread over a window, so that not everybody comes back at once.
 * @module
 */
import { requireDeadline } from './deadline.ts'
import type { LiveSessions } from './live-sessions.ts'

/** How sessions are drained. */
export interface DrainOptions {
  /** Over how long the close frames are spread, in milliseconds. Default 5,000; 0 for all at once. */
  readonly windowMs?: number
  /** When what is still open is cut, in milliseconds from the beginning. Default 10,000. */
  readonly deadlineMs?: number
}

const defaultWindowMs = 5000
const defaultDeadlineMs = 10_000
const stepMs = 50

/**
 * Resolves when nothing is open any more.
 * @throws ConfigurationError for an option that cannot be.
 */
export async function drainSessions(live: LiveSessions, options: DrainOptions): Promise<void> {
  const { windowMs = defaultWindowMs } = options
  const deadlineMs = requireDeadline(options.deadlineMs ?? defaultDeadlineMs)
  if (windowMs !== 0) requireDeadline(windowMs, 'windowMs')
  const startedAt = performance.now()
  const open = live.list(null)
  let closed = 0
  while (live.count > 0) {
    const passedMs = performance.now() - startedAt
    if (passedMs >= deadlineMs) return live.destroyAll()
    const due = windowMs === 0 ? open.length : Math.ceil((open.length * passedMs) / windowMs)
    for (const { id } of open.slice(closed, due)) live.end(id, 'draining')
    closed = Math.max(closed, Math.min(due, open.length))
    await pause(Math.min(stepMs, deadlineMs - passedMs))
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs)
  })
}
