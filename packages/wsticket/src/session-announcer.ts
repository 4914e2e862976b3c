/**
 * Tells the directory of the sessions of this process, a batch at a time, and that the process is still there.
 * @module
 */
import type { EpochMs } from './clock.ts'
import { withinDeadline } from './deadline.ts'
import { StoreError } from './errors.ts'
import { nameFault } from './events.ts'
import { randomText, systemRandom } from './random.ts'
import { mostNews, type NodeNews, type SessionDirectory } from './session-directory.ts'
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

type Word = Pick<RosterNews, 'present' | 'gone'>

/** `ahead`: the clock has gone back far, and would keep the node for as long as it went. */
type Step = 'in_step' | 'out_of_step' | 'ahead'

/** Speaks as one node after another. */
function createVoice(directory: SessionDirectory, roster: SessionRoster, { clock, nodeName }: SessionRules) {
  let node = newNodeName(nodeName)
  let before: EpochMs | null = null
  const retired = new Set<string>()

  const tell = (news: NodeNews) => withinDeadline(directory.tell(news, clock()), directoryDeadlineMs)
  const end = (name: string) => tell({ node: name, before: null, aliveUntil: clock(), count: 0, present: [], gone: [] })

  function rename(): void {
    node = newNodeName(nodeName)
    before = null
  }

  return {
    async say({ present, gone }: Word): Promise<Step> {
      const now = clock()
      // Another each time: by that the directory knows which word it has heard last.
      const aliveUntil = Math.max(now + leaseMs, (before ?? 0) + 1) as EpochMs
      const entries = present.map((entry) => ({ ...entry, node }))
      const step = await tell({ node, before, aliveUntil, count: roster.count(), present: entries, gone })
      before = aliveUntil
      return step === 'in_step' && aliveUntil > now + 2 * leaseMs ? 'ahead' : step
    },
    /** Goes on as another. What it told as the one before is better than nothing until all is told anew. */
    retire(): void {
      retired.add(node)
      rename()
    },
    hasRetired: () => retired.size > 0,
    /** Ends those that it was before. */
    async endRetired(): Promise<void> {
      for (const name of retired) {
        await end(name)
        retired.delete(name)
      }
    },
    /** Ends this one at once, and goes on as another. */
    async endNow(): Promise<void> {
      await end(node)
      rename()
    },
  }
}

function createTeller(directory: SessionDirectory, roster: SessionRoster, rules: SessionRules) {
  const voice = createVoice(directory, roster, rules)
  // For durations alone: never goes back, as a clock may.
  let heardAt = performance.now()
  let isFirst = true
  let step: Step | 'silent' = 'in_step'

  async function tellSome(): Promise<void> {
    const { sessions, ...news } = roster.take()
    const askedAt = performance.now()
    try {
      step = await voice.say(news)
    } catch (error) {
      roster.putBack(sessions)
      throw error
    }
    isFirst = false
    heardAt = askedAt
  }

  async function startOver(): Promise<void> {
    // Of one that was silent nothing is listed any more, and to end it says whether anybody hears.
    if (step === 'out_of_step') voice.retire()
    else await voice.endNow()
    step = 'in_step'
    heardAt = performance.now()
    roster.touchAll()
  }

  async function tellAll(): Promise<void> {
    if (step === 'in_step' && performance.now() - heardAt > leaseMs) step = 'silent'
    // Everything is going to be told: until then there is nothing to keep in mind.
    if (step !== 'in_step') roster.forget()
    // More than there is, for all may have to be told anew. What comes meanwhile is told the next time.
    const most = 2 + 2 * Math.ceil((roster.pending() + roster.count()) / mostNews)
    for (let told = 0; told < most; told += 1) {
      if (step !== 'in_step') await startOver()
      await tellSome()
      if (roster.pending() === 0 && step === 'in_step') break
    }
    if (step !== 'in_step')
      throw new StoreError('unavailable', `${directory.name}: the directory loses what it is told`)
    await voice.endRetired()
  }

  /** Whether it is time to say that there is this process. */
  const isDue = () => isFirst || step !== 'in_step' || voice.hasRetired() || performance.now() - heardAt >= refreshMs
  return { isDue, told: createSharedRun(tellAll) }
}

/** Nobody else has it, also not the same process after a restart. */
function newNodeName(nodeName: string): string {
  return `${nodeName}-${randomText(systemRandom).slice(0, 12)}`
}
