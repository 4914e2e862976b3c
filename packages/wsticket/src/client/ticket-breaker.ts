/**
 * A circuit breaker: most clients that reconnect go on asking for tickets, whatever the answer was.
 * @module
 */
import { chance, longestDelayMs } from './delays.ts'
import type { TicketRequestError } from './ticket-request-error.ts'

/** How things stand with a source of tickets. */
export type TicketSourceState =
  | { readonly status: 'ready'; readonly error: null; readonly retryAt: null }
  /** The last request could not be answered: nobody asks again before `retryAt`, in milliseconds since the Unix epoch. */
  | { readonly status: 'waiting'; readonly error: TicketRequestError; readonly retryAt: number }
  /** The credential was refused, or the subject: nobody asks again before there is another credential, or `resume()`. */
  | { readonly status: 'stopped'; readonly error: TicketRequestError; readonly retryAt: null }

/** Whether a source may be asked, and what came of it. */
export interface TicketBreaker {
  readonly state: TicketSourceState
  subscribe(this: void, listener: () => void): () => void
  resume(this: void): void
  /**
   * An attempt begins.
   * @throws TicketRequestError while nobody is to ask
   */
  begin(): Attempt
  /** @throws TicketRequestError for a credential that was refused */
  check(credential: string): void
}

/** An attempt. What others learned since it began is newer than what comes of it. */
export interface Attempt {
  /** @throws TicketRequestError where that credential was refused */
  show(credential: string): void
  succeed(): void
  fail(error: TicketRequestError): void
}

interface Knowledge {
  state: TicketSourceState
  /** Counts what was learned. */
  version: number
  /** Since there was a ticket, or a refusal. */
  failures: number
  /** Of what was shown, since there was a ticket. */
  refusals: number
  refused: { readonly shown: string; readonly error: TicketRequestError } | null
  /** Of `performance.now()`. Decides; the timer only tells, for a Worker has none that outlives a request. */
  waitsUntil: number
  /** What that wait is about. */
  waitsFor: TicketRequestError | null
  timer: ReturnType<typeof setTimeout> | undefined
  readonly listeners: Set<() => void>
  readonly online: () => void
}

const ready: TicketSourceState = { status: 'ready', error: null, retryAt: null }
const [firstMostMs, mostMs] = [1000, 30_000]

/** Makes one that is ready. */
export function createTicketBreaker(): TicketBreaker {
  const known: Knowledge = {
    state: ready,
    version: 0,
    failures: 0,
    refusals: 0,
    refused: null,
    waitsUntil: 0,
    waitsFor: null,
    timer: undefined,
    listeners: new Set(),
    online: () => {
      if (known.state.status === 'waiting') wait(known, known.state.error, chance() * firstMostMs)
    },
  }
  return {
    get state() {
      return known.state
    },
    subscribe(listener) {
      const call = () => listener()
      known.listeners.add(call)
      return () => void known.listeners.delete(call)
    },
    resume: () => resume(known),
    begin: () => begin(known),
    check: (credential) => check(known, credential),
  }
}

function begin(known: Knowledge): Attempt {
  if (known.waitsFor !== null && performance.now() < known.waitsUntil) throw known.waitsFor
  if (known.state.status === 'waiting') settle(known)
  const { version } = known
  let shown = ''
  return {
    show(credential) {
      check(known, credential)
      shown = credential
    },
    succeed() {
      if (version === known.version) resume(known)
    },
    fail(error) {
      const isLate = version !== known.version
      if (error === known.refused?.error) return
      if (error.action === 'stop') {
        if (!isLate) stop(known, shown, error)
      } else fail(known, { shown, error, isLate })
    },
  }
}

function check({ refused }: Knowledge, credential: string): void {
  if (refused?.shown === credential) throw refused.error
}

function resume(known: Knowledge): void {
  known.failures = 0
  known.refusals = 0
  known.refused = null
  known.waitsUntil = 0
  learn(known, ready)
}

/** The first time the next credential is shown at once. Who has another one for each attempt shows the others later. */
function stop(known: Knowledge, shown: string, error: TicketRequestError): void {
  if (known.refused?.shown === shown && known.refused.error.code === error.code) return
  known.refused = { shown, error }
  // Where there is none to show, nobody was asked.
  if (shown !== '') {
    hold(known, error, known.refusals === 0 ? 0 : backoffMs(known.refusals))
    known.refusals++
    known.failures = 0
  }
  learn(known, { status: 'stopped', error, retryAt: null })
}

interface Failure {
  readonly shown: string
  readonly error: TicketRequestError
  /** Whether something was learned since the attempt began. */
  readonly isLate: boolean
}

function fail(known: Knowledge, { shown, error, isLate }: Failure): void {
  const askedMs = Math.min(longestDelayMs, Math.max(0, error.retryAfterMs ?? 0) || 0)
  // Of several that were under way together the first one counts, unless another one was told to wait for longer.
  if (isLate && (askedMs === 0 || performance.now() + askedMs <= known.waitsUntil)) return
  const waitMs = askedMs + backoffMs(known.failures)
  if (!isLate) known.failures++
  // Another one than was refused.
  if (!isLate && shown !== '' && shown !== known.refused?.shown) known.refused = null
  if (known.refused === null) wait(known, error, waitMs)
  else {
    hold(known, error, waitMs)
    known.version++
  }
}

/** Any time from 0 up to twice as much with each time before. */
function backoffMs(times: number): number {
  return chance() * Math.min(mostMs, firstMostMs * 2 ** times)
}

function wait(known: Knowledge, error: TicketRequestError, ms: number): void {
  hold(known, error, ms)
  learn(known, { status: 'waiting', error, retryAt: Math.round(performance.timeOrigin + known.waitsUntil) })
  known.timer = setTimeout(() => settle(known), Math.min(longestDelayMs, ms))
  // A process that has nothing else to do may end.
  ;(known.timer as { unref?: () => void }).unref?.()
}

/** Whoever asks meanwhile hears the same. */
function hold(known: Knowledge, error: TicketRequestError, ms: number): void {
  known.waitsUntil = performance.now() + ms
  known.waitsFor = error
}

/** The wait is over. */
function settle(known: Knowledge): void {
  known.waitsUntil = 0
  learn(known, ready)
}

function learn(known: Knowledge, next: TicketSourceState): void {
  known.version++
  clearTimeout(known.timer)
  globalThis.removeEventListener?.('online', known.online)
  // Where there was an answer, it was not the network.
  if (next.status === 'waiting' && next.error.status === null && next.error.retryAfterMs === null)
    globalThis.addEventListener?.('online', known.online)
  const { status, error, retryAt } = known.state
  if (next.status === status && next.error === error && next.retryAt === retryAt) return
  known.state = next
  for (const listener of known.listeners) queueMicrotask(() => known.listeners.has(listener) && listener())
}
