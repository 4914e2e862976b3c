/**
 * Tells the directory of the sessions of this process, a batch at a time, and that the process is still there.
 * @module
 */
import type { EpochMs } from './clock.ts'
import { withinDeadline } from './deadline.ts'
import { nameFault } from './events.ts'
import { randomText, systemRandom } from './random.ts'
import { mostNews, type SessionDirectory } from './session-directory.ts'
import type { RosterNews, SessionRoster } from './session-roster.ts'
import type { SessionRules } from './sessions-options.ts'
import { createSharedRun } from './shared-run.ts'

/** Tells a directory of the sessions of this process. */
export interface SessionAnnouncer {
  /** Resolves when the directory has been told what has changed until the call. Rejects where it could not be. */
  told(): Promise<void>
  /** Tells no more: what was told vanishes after half a minute, unless it was told that it is over. */
  stop(): void
}

/** How long a directory may take to answer, in milliseconds: an engine has a deadline of its own, which is shorter. */
export const directoryDeadlineMs = 3000
const leaseMs = 30_000
const refreshMs = 10_000
// Of a directory that is away.
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
    if (roster.pending() > 0 || teller.isDue()) await teller.told().then(noteSuccess, noteFailure)
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

type Word = Pick<RosterNews, 'present' | 'gone'> & { readonly isLast?: boolean }

/** Speaks as one node after another. */
function createVoice(directory: SessionDirectory, roster: SessionRoster, { clock, nodeName }: SessionRules) {
  let node = newNodeName(nodeName)
  let before: EpochMs | null = null

  /** Whether what was told before is there still. A node of which that is not so is to be followed by another. */
  async function say({ present, gone, isLast = false }: Word): Promise<boolean> {
    const now = clock()
    // Another each time: by that the directory knows which word it has heard last.
    const aliveUntil = (isLast ? now : Math.max(now + leaseMs, (before ?? 0) + 1)) as EpochMs
    const count = isLast ? 0 : roster.count()
    const news = { node, before, aliveUntil, count, present: present.map((entry) => ({ ...entry, node })), gone }
    const answer = await withinDeadline(directory.tell(news, now), directoryDeadlineMs)
    before = aliveUntil
    // A clock that has gone back far would keep the node for as long as it went.
    return answer === 'in_step' && aliveUntil <= now + 2 * leaseMs
  }

  return {
    say,
    /** Ends this node, of which the directory may know more than there is, and goes on as another. */
    async startOver(): Promise<void> {
      await say({ present: [], gone: [], isLast: true })
      node = newNodeName(nodeName)
      before = null
    },
  }
}

function createTeller(directory: SessionDirectory, roster: SessionRoster, rules: SessionRules) {
  const voice = createVoice(directory, roster, rules)
  // For durations alone: never goes back, as a clock may.
  let heardAt = performance.now()
  let isFirst = true
  let isOutOfStep = false

  async function tellSome(): Promise<void> {
    const { sessions, ...news } = roster.take()
    const askedAt = performance.now()
    try {
      isOutOfStep = !(await voice.say(news))
    } catch (error) {
      roster.putBack(sessions)
      throw error
    }
    isFirst = false
    heardAt = askedAt
  }

  async function startOver(): Promise<void> {
    await voice.startOver()
    isOutOfStep = false
    heardAt = performance.now()
    roster.touchAll()
  }

  async function tellAll(): Promise<void> {
    isOutOfStep ||= performance.now() - heardAt > leaseMs
    // Everything is going to be told: until then there is nothing to keep in mind.
    if (isOutOfStep) roster.forget()
    // More than there is, for all may have to be told anew. What comes meanwhile is told the next time.
    const most = 2 + 2 * Math.ceil((roster.pending() + roster.count()) / mostNews)
    for (let told = 0; told < most; told += 1) {
      if (isOutOfStep) await startOver()
      await tellSome()
      if (roster.pending() === 0 && !isOutOfStep) return
    }
  }

  return {
    /** Whether it is time to say that there is this process. */
    isDue: () => isFirst || isOutOfStep || performance.now() - heardAt >= refreshMs,
    told: createSharedRun(tellAll),
  }
}

/** Nobody else has it, also not the same process after a restart. */
function newNodeName(nodeName: string): string {
  return `${nodeName}-${randomText(systemRandom).slice(0, 12)}`
}
