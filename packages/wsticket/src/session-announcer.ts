/**
 * Tells the directory of the sessions of this process, a batch at a time, and that the process is still there.
 * @module
 */
import type { EpochMs } from './clock.ts'
import { nameFault } from './events.ts'
import { randomText, systemRandom } from './random.ts'
import { mostNews, type SessionDirectory } from './session-directory.ts'
import type { SessionRoster } from './session-roster.ts'
import type { SessionRules } from './sessions-options.ts'
import { createSharedRun } from './shared-run.ts'

/** Tells a directory of the sessions of this process. */
export interface SessionAnnouncer {
  /** Resolves when the directory has been told what has changed until the call. Rejects where it could not be. */
  told(): Promise<void>
  /** Tells no more: what was told vanishes after half a minute, unless it was told that it is over. */
  stop(): void
}

const leaseMs = 30_000
const refreshMs = 10_000
// Of a directory that is away everything is told again, each time.
const silentPolls = 4

/** Begins to tell. The timer keeps no process alive. */
export function announceSessions(
  directory: SessionDirectory,
  roster: SessionRoster,
  rules: SessionRules,
): SessionAnnouncer {
  const { clock, emit, pollMs } = rules
  const teller = createTeller(directory, roster, rules)
  let isSilent = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  function noteSuccess(): void {
    isSilent = false
  }

  function noteFailure(error: unknown): void {
    if (isSilent) return
    isSilent = true
    emit({ type: 'session_directory_failed', at: clock(), directory: directory.name, fault: nameFault(error) })
  }

  async function poll(): Promise<void> {
    roster.giveUpLate()
    if (roster.pending > 0 || teller.isDue()) await teller.told().then(noteSuccess, noteFailure)
    if (stopped) return
    timer = setTimeout(() => void poll(), isSilent ? silentPolls * pollMs : pollMs)
    ;(timer as { unref?(): unknown }).unref?.()
  }

  void poll()
  return {
    told: teller.told,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

function createTeller(directory: SessionDirectory, roster: SessionRoster, { clock, nodeName }: SessionRules) {
  let node = newNodeName(nodeName)
  // For durations alone: never goes back, as a clock may.
  let heardAt = performance.now()
  let isFirst = true

  async function tellSome(): Promise<void> {
    const { sessions, present, gone } = roster.take()
    const now = clock()
    const askedAt = performance.now()
    const entries = present.map((entry) => ({ ...entry, node }))
    const news = { node, aliveUntil: (now + leaseMs) as EpochMs, count: roster.count(), present: entries, gone }
    try {
      if ((await directory.tell(news, now)) === 'new' && !isFirst) roster.touchAll('with_what_is_over')
    } catch (error) {
      roster.putBack(sessions)
      throw error
    }
    isFirst = false
    heardAt = askedAt
  }

  async function tellAll(): Promise<void> {
    if (performance.now() - heardAt > leaseMs) {
      // Whoever was silent for too long is somebody else, and what it told before is told of no more.
      node = newNodeName(nodeName)
      roster.touchAll('without')
    }
    // Twice what there is: a directory that knows nothing is told everything. What comes meanwhile is told the next time.
    const most = 2 * Math.ceil(Math.max(roster.pending, roster.count(), 1) / mostNews)
    for (let told = 0; told < most; told += 1) {
      await tellSome()
      if (roster.pending === 0) return
    }
  }

  return {
    /** Whether it is time to say that there is this process. */
    isDue: () => isFirst || performance.now() - heardAt >= refreshMs,
    told: createSharedRun(tellAll),
  }
}

/** Nobody else has it, also not the same process after a restart. */
function newNodeName(nodeName: string): string {
  return `${nodeName}-${randomText(systemRandom).slice(0, 12)}`
}
