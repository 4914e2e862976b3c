/**
 * The options of a session registry, checked once.
 * @module
 */
import { type Clock, type EpochMs, systemClock } from './clock.ts'
import { defaultDeadlineMs, requireDeadline } from './deadline.ts'
import { ConfigurationError } from './errors.ts'
import { type EventSink, safeSink } from './events.ts'
import { type Most, requireMost } from './most.ts'
import { optionalFunction, requireDuration, requireOneOf } from './option-checks.ts'
import type { SessionEnding } from './refusals.ts'
import type { Session } from './session.ts'
import type { SessionDirectory } from './session-directory.ts'
import type { SessionLog } from './session-log.ts'

/** How the sessions of a process live. */
export interface SessionsOptions {
  /**
   * Tells all nodes what is revoked and renewed: of each node a handle on the same engine. Default: none, and this process hears of
   * nothing but what is said here.
   */
  readonly log?: SessionLog
  /**
   * Shows all nodes who is on, and counts sessions over all of them: of each node a handle on the same engine as that of its `log`, without
   * which there is none. Each admission asks it, unless both `sessionsPerSubject` and `sessionsInAll` are `unlimited`, and nobody is admitted
   * while it cannot tell. Default: none, and each process counts and lists its own.
   */
  readonly directory?: SessionDirectory
  /** What this node is called in the directory: 1 to 48 letters, digits, `_` and `-`. Something random is put behind it. Default `node`. */
  readonly nodeName?: string
  /** How long a session may last, renewals included, in milliseconds. Default: for as long as it is renewed. */
  readonly maximumAgeMs?: number
  /** How long a session goes on behind its end, in milliseconds. Default 0. */
  readonly graceMs?: number
  /** The most sessions of one subject: over all nodes where there is a `directory`, else in this process. Default 100. */
  readonly sessionsPerSubject?: Most
  /** The most sessions: over all nodes where there is a `directory`, else in this process. Default `unlimited`. */
  readonly sessionsInAll?: Most
  /**
   * Who yields where a subject has too many: the one that comes (`refuse_new`, the default), or the one that is there for longest. Where
   * there are too many in all, it is always the one that comes.
   */
  readonly overflow?: 'refuse_new' | 'end_oldest'
  /** How often the log is looked at, in milliseconds, at most 1,500. Default 250. */
  readonly pollMs?: number
  /** How long the log may be silent before nobody is admitted any more, in milliseconds. Default 10,000. */
  readonly patienceMs?: number
  /** What becomes of the sessions that there are where the log is silent for longer, or has lost entries. Default `keep_sessions`. */
  readonly whenLogIsLost?: 'keep_sessions' | 'end_sessions'
  /**
   * Runs for each session that is attached here, behind its 101; it decides nothing, for that is what `permit` of the admission is for.
   * Default: nothing.
   */
  readonly onStart?: (session: Session) => unknown
  /** Runs for each session that goes on here with a newer credential; `endsAt` is its new end, null for no limit. Default: nothing. */
  readonly onRenew?: (session: Session, endsAt: EpochMs | null) => unknown
  /**
   * Runs for each session that is over here, behind what the others still do for it; `ending` is null where its client, or the application,
   * closed it. Also for one that was revoked before its WebSocket reached the application. Default: nothing.
   */
  readonly onEnd?: (session: Session, ending: SessionEnding | null) => unknown
  /**
   * How long such a hook may take, in milliseconds. One that throws, or takes longer, is a `hook_failed` event, and changes nothing. A
   * drain waits for those that run, beyond its own deadline if need be. Default 5,000.
   */
  readonly hookDeadlineMs?: number
  /** Hears of what becomes of sessions. Default: nobody. */
  readonly onEvent?: EventSink
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** What holds for the sessions of a process. */
export interface SessionRules {
  readonly log: SessionLog | null
  readonly directory: SessionDirectory | null
  readonly nodeName: string
  readonly maximumAgeMs: number
  readonly graceMs: number
  readonly mostPerSubject: number
  readonly mostInAll: number
  readonly overflow: 'refuse_new' | 'end_oldest'
  readonly pollMs: number
  readonly patienceMs: number
  readonly endsWithLog: boolean
  readonly onStart: NonNullable<SessionsOptions['onStart']> | null
  readonly onRenew: NonNullable<SessionsOptions['onRenew']> | null
  readonly onEnd: NonNullable<SessionsOptions['onEnd']> | null
  readonly hookDeadlineMs: number
  readonly emit: EventSink
  readonly clock: Clock
}

const defaultPerSubject = 100
const defaultPollMs = 250
// Longer, and a renewal is not answered before the endpoint gives up.
const longestPollMs = 1500
const defaultPatienceMs = 10_000

/**
 * Checks the options, and fills in the defaults.
 * @throws ConfigurationError for an option that cannot be.
 */
export function readSessionsOptions(options: SessionsOptions): SessionRules {
  const { log = null, maximumAgeMs, graceMs = 0, overflow = 'refuse_new', whenLogIsLost = 'keep_sessions' } = options
  if (log !== null && typeof log.readAfter !== 'function') throw new ConfigurationError('log', 'must be a SessionLog')
  const { directory = null, nodeName = 'node' } = options
  if (directory !== null && typeof directory.tell !== 'function')
    throw new ConfigurationError('directory', 'must be a SessionDirectory')
  // By the log sessions are ended that are listed.
  if (directory !== null && log === null) throw new ConfigurationError('directory', 'needs a log beside it')
  if (!/^[\w-]{1,48}$/.test(nodeName))
    throw new ConfigurationError('nodeName', 'must be 1 to 48 letters and digits of ASCII, underscores and hyphens')
  requireOneOf('overflow', overflow, ['refuse_new', 'end_oldest'])
  requireOneOf('whenLogIsLost', whenLogIsLost, ['keep_sessions', 'end_sessions'])
  return {
    log,
    directory,
    nodeName,
    maximumAgeMs: maximumAgeMs === undefined ? Number.POSITIVE_INFINITY : requireDuration('maximumAgeMs', maximumAgeMs),
    graceMs: graceMs === 0 ? 0 : requireDuration('graceMs', graceMs),
    mostPerSubject: requireMost('sessionsPerSubject', options.sessionsPerSubject ?? defaultPerSubject),
    mostInAll: requireMost('sessionsInAll', options.sessionsInAll ?? 'unlimited'),
    overflow,
    pollMs: requirePollMs(options.pollMs ?? defaultPollMs),
    patienceMs: requireDeadline(options.patienceMs ?? defaultPatienceMs, 'patienceMs'),
    endsWithLog: whenLogIsLost === 'end_sessions',
    onStart: optionalFunction('onStart', options.onStart),
    onRenew: optionalFunction('onRenew', options.onRenew),
    onEnd: optionalFunction('onEnd', options.onEnd),
    hookDeadlineMs: requireDeadline(options.hookDeadlineMs ?? defaultDeadlineMs, 'hookDeadlineMs'),
    emit: safeSink(options.onEvent),
    clock: options.clock ?? systemClock,
  }
}

function requirePollMs(pollMs: number): number {
  if (Number.isSafeInteger(pollMs) && pollMs >= 1 && pollMs <= longestPollMs) return pollMs
  throw new ConfigurationError('pollMs', `must be a whole number of milliseconds from 1 to ${longestPollMs}`)
}
