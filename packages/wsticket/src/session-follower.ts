/**
 * Follows a session log: reads what is new, again and again, and says whether it still can.
 * @module
 */
import { withinDeadline } from './deadline.ts'
import { StoreError } from './errors.ts'
import type { LogPosition, SessionEntry, SessionLog } from './session-log.ts'
import { createSharedRun } from './shared-run.ts'

/** What a follower does. */
export interface SessionFollowerOptions {
  readonly log: SessionLog
  /** How long there is between two looks, in milliseconds. */
  readonly pollMs: number
  /** How long the log may be silent, in milliseconds. */
  readonly patienceMs: number
  /** @param isOld whether it is read from the beginning of the log: it may have been applied before */
  apply(entry: SessionEntry, isOld: boolean): void
  /** Once each time. */
  onLost(loss: LogLoss): void
}

/** The log has lost what may have been written behind the last entry that was read, or has been silent for too long. */
export type LogLoss = 'gap' | 'silence'

/** A follower. */
export interface SessionFollower {
  /** Whether everything is known that was written up to a moment ago. */
  readonly isCurrent: boolean
  /** Resolves when everything is known that was written before the call. Rejects where the log cannot be read. */
  catchUp(): Promise<void>
  stop(): void
}

const mostEntries = 500
const readDeadlineMs = 5000

/** Begins to follow. The timer keeps no process alive. */
export function followSessionLog(options: SessionFollowerOptions): SessionFollower {
  const { pollMs, patienceMs, onLost } = options
  const reader = createReader(options)
  // For durations alone: never goes back, as a clock may.
  const startedAt = performance.now()
  let currentAt: number | null = null
  let isLost = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  const isCurrent = () => currentAt !== null && performance.now() - currentAt <= patienceMs

  async function catchUp(): Promise<void> {
    const askedAt = performance.now()
    await reader.read()
    currentAt = Math.max(currentAt ?? 0, askedAt)
    isLost = false
  }

  function noteFailure(): void {
    if (isLost || performance.now() - (currentAt ?? startedAt) <= patienceMs) return
    isLost = true
    onLost('silence')
  }

  async function poll(): Promise<void> {
    await catchUp().catch(noteFailure)
    if (stopped) return
    timer = setTimeout(() => void poll(), pollMs)
    ;(timer as { unref?(): unknown }).unref?.()
  }

  void poll()
  return {
    get isCurrent() {
      return isCurrent()
    },
    catchUp,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** Reads a log from where it was left. */
interface Reader {
  /** Resolves when all is read that was written before the call. */
  read(): Promise<void>
}

function createReader({ log, apply, onLost }: SessionFollowerOptions): Reader {
  let position: LogPosition | null = null
  let isOld = true

  /** Whether there may be more. */
  async function readSome(): Promise<boolean> {
    const entries = await withinDeadline(log.readAfter(position, mostEntries), readDeadlineMs)
    if (entries === 'lost') {
      if (position === null) throw new StoreError('corrupt', 'the session log has lost its beginning')
      // From the oldest that there is: what was applied before changes nothing when it is applied again.
      position = null
      isOld = true
      onLost('gap')
      return true
    }
    for (const { position: next, entry } of entries) {
      apply(entry, isOld)
      position = next
    }
    // Fewer than there could be is not the end: what is no entry stands behind them, perhaps, and is told of by the next look.
    if (entries.length > 0) return true
    isOld = false
    return false
  }

  async function readAll(): Promise<void> {
    while (await readSome());
  }

  return { read: createSharedRun(readAll) }
}
