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
  let closed = false

  async function attempt<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    if (closed) throw new StoreError('closed', `the ${name} store is closed`)
    if (!breaker.allows()) throw new StoreError('unavailable', `${name} failed a moment ago and is not asked now`)
    try {
      const answer = await withinDeadline(soundness.known ? question() : soundness.learn().then(question), deadlineMs)
      breaker.succeeded()
      return answer
    } catch (error) {
      noteFailure(error, { breaker, soundness, options })
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

interface Circumstances {
  readonly breaker: CircuitBreaker
  readonly soundness: Soundness
  readonly options: EngineOptions
}

function noteFailure(error: unknown, { breaker, soundness, options }: Circumstances): void {
  const doubtful = error instanceof DeadlineError || (error instanceof StoreError && error.code === 'corrupt')
  // What a store says of a record, such as a conflict, is no failure of the engine.
  if (error instanceof StoreError && error.code !== 'unavailable' && !doubtful) return
  breaker.failed()
  soundness.forget()
  if (doubtful) options.reconnect()
}

/** What a client throws may quote what it was asked to write: only its name and its code pass. */
function storeErrorOf(name: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (error instanceof ConfigurationError)
    return new StoreError('unavailable', `${name} is of no use: ${error.message}`)
  if (error instanceof DeadlineError) return new StoreError('unavailable', `${name}: ${error.message}`)
  return new StoreError('unavailable', `${name} failed (${reasonOf(error)})`)
}

// A code of Node (ECONNREFUSED), of PostgreSQL (57P01), or the first word of a Redis error (READONLY).
const codeForm = /^[A-Z0-9_]{2,40}(?=$| )/

function reasonOf(error: unknown): string {
  const { name, code, message } = (error ?? {}) as { name?: unknown; code?: unknown; message?: unknown }
  for (const text of [code, message]) {
    const found = codeForm.exec(String(text))
    if (found !== null) return found[0]
  }
  return typeof name === 'string' ? name : 'unknown'
}
