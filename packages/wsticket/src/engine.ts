/**
 * An engine elsewhere, as a store asks it: every question has a deadline, none is put twice, and an engine that is down is not
 * waited for.
 * @module
 */
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts'
import { withinDeadline } from './deadline.ts'
import { ConfigurationError, DeadlineError, StoreError } from './errors.ts'
import type { StoreInspection } from './ticket-store.ts'

/** How long an engine may take to answer unless told otherwise, in milliseconds: less than a decision may (deadline.ts). */
export const defaultEngineDeadlineMs = 2000

const breakerOptions = { failuresToOpen: 5, pauseMs: 500 }

/** What a store says of its engine. */
export interface EngineOptions {
  /** For messages: `redis`. */
  readonly name: string
  readonly deadlineMs: number
  /**
   * Waits until the engine can be reached, and looks whether it can keep the promise of the port. Called before the first
   * question, and again after a failure: the engine may have come back as another. MUST throw a ConfigurationError where the
   * engine is of no use.
   */
  inspect(): Promise<StoreInspection>
  /** Drops the line, where answers came late or mixed up, and opens a new one. */
  reconnect(): void
}

/** Asks an engine. */
export interface Engine {
  /**
   * What the engine answers to a question, which is put once.
   * @throws StoreError as the question throws it; `unavailable` for whatever else goes wrong, `closed` after `close`.
   */
  ask<Answer>(question: () => Promise<Answer>): Promise<Answer>
  /**
   * What the engine is like now.
   * @throws ConfigurationError where it is of no use, StoreError where it cannot be told.
   */
  inspect(): Promise<StoreInspection>
  close(): void
}

/** Creates the asking side of an engine. Asks nothing yet. */
export function createEngine(options: EngineOptions): Engine {
  const { name, deadlineMs } = options
  const breaker = createCircuitBreaker(breakerOptions)
  const soundness = createSoundness(options)
  const line = createLine(options)
  let closed = false

  async function inspectThenAsk<Answer>(question: () => Promise<Answer>, asking: Asking): Promise<Answer> {
    await soundness.learn()
    // Put now, it would spend a ticket whose bearer was refused long ago.
    if (asking.over) throw new DeadlineError(deadlineMs)
    if (closed) throw closedError(name)
    return question()
  }

  async function attempt<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    if (closed) throw closedError(name)
    if (!breaker.allows()) throw new StoreError('unavailable', `${name} failed a moment ago and is not asked now`)
    const asking: Asking = { over: false, line: line.number }
    try {
      const answer = await withinDeadline(soundness.known ? question() : inspectThenAsk(question, asking), deadlineMs)
      breaker.succeeded()
      return answer
    } catch (error) {
      asking.over = true
      noteFailure(error, asking, { breaker, soundness, line })
      throw error
    }
  }

  return {
    ask: (question) => attempt(question).catch((error: unknown) => Promise.reject(storeErrorOf(name, error))),
    async inspect() {
      soundness.forget()
      return attempt(soundness.learn).catch((error: unknown) =>
        Promise.reject(error instanceof ConfigurationError ? error : storeErrorOf(name, error)),
      )
    },
    close() {
      closed = true
    },
  }
}

/** What is known of an engine. */
interface Soundness {
  /** Whether it was inspected, and found to be of use. */
  readonly known: boolean
  /** Inspects it, at most once at a time. */
  learn(): Promise<StoreInspection>
  forget(): void
}

function createSoundness({ inspect }: EngineOptions): Soundness {
  let inspection: Promise<StoreInspection> | null = null
  let known = false
  return {
    get known() {
      return known
    },
    async learn() {
      const pending = inspection ?? inspect()
      inspection = pending
      const found = await pending
      if (inspection === pending) known = true
      return found
    },
    forget() {
      inspection = null
      known = false
    },
  }
}

/** One question, while somebody waits for its answer. */
interface Asking {
  over: boolean
  /** The line that it was put on. */
  readonly line: number
}

/** The line to an engine. */
interface Line {
  readonly number: number
  /** Drops the line of this number, if it is still the one: a hundred answers that are late on one line drop it once. */
  drop(number: number): void
}

function createLine({ reconnect }: EngineOptions): Line {
  let current = 0
  return {
    get number() {
      return current
    },
    drop(number) {
      if (number !== current) return
      current += 1
      reconnect()
    },
  }
}

interface Circumstances {
  readonly breaker: CircuitBreaker
  readonly soundness: Soundness
  readonly line: Line
}

function noteFailure(error: unknown, asking: Asking, { breaker, soundness, line }: Circumstances): void {
  const doubtful = error instanceof DeadlineError || (error instanceof StoreError && error.code === 'corrupt')
  // What a store says of a record, such as a conflict, is an answer of the engine.
  if (error instanceof StoreError && error.code !== 'unavailable' && !doubtful) {
    breaker.succeeded()
    return
  }
  breaker.failed()
  soundness.forget()
  if (doubtful) line.drop(asking.line)
}

function closedError(name: string): StoreError {
  return new StoreError('closed', `the ${name} store is closed`)
}

/** What a client throws may quote what it was asked to write: of its message nothing passes that is not one of our words. */
function storeErrorOf(name: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (error instanceof ConfigurationError)
    return new StoreError('unavailable', `${name} is of no use: ${error.message}`)
  if (error instanceof DeadlineError) return new StoreError('unavailable', `${name}: ${error.message}`)
  return new StoreError('unavailable', `${name} failed (${reasonOf(error)})`)
}

// A code of Node (ECONNREFUSED), of PostgreSQL (57P01) or of JetStream (10071).
const codeForm = /^[A-Z0-9_]{2,40}$/
// The kind of a Redis error is the first word of its message.
const redisErrorForm =
  /^(?:ASK|BUSY|CLUSTERDOWN|CROSSSLOT|ERR|EXECABORT|LOADING|MASTERDOWN|MISCONF|MOVED|NOAUTH|NOPERM|NOREPLICAS|NOSCRIPT|OOM|READONLY|TRYAGAIN|UNKILLABLE|WRONGPASS|WRONGTYPE)(?= |$)/
const nameForm = /^[A-Z][A-Za-z]{1,40}$/

function reasonOf(error: unknown): string {
  const { name, code, message } = (error ?? {}) as { name?: unknown; code?: unknown; message?: unknown }
  const found = codeForm.exec(textOf(code)) ?? redisErrorForm.exec(textOf(message)) ?? nameForm.exec(textOf(name))
  return found === null ? 'unknown' : found[0]
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
