/**
 * An engine elsewhere, as a store asks it: every question has a deadline, none is put twice, and an engine that is down is not
 * waited for.
 * @module
 */
import { type Asker, requireWaiting } from './asker.ts'
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts'
import { withinDeadline } from './deadline.ts'
import { ConfigurationError, DeadlineError, StoreError } from './errors.ts'
import { createInspector, type Inspector } from './inspector.ts'
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
   * question, again after a failure, for the engine may have come back as another, and every minute. Never twice at once. MUST
   * throw a ConfigurationError where the engine is of no use.
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
  ask<Answer>(question: Question<Answer>): Promise<Answer>
  /**
   * What the engine is like now.
   * @throws ConfigurationError where it is of no use, StoreError where it cannot be told.
   */
  inspect(): Promise<StoreInspection>
  close(): void
}

/** Creates the asking side of an engine. Asks nothing yet. */
export function createEngine(options: EngineOptions): Engine {
  const { name } = options
  const inspector = createInspector(options.inspect)
  const attempts = createAttempts(options, inspector)

  async function learnThenPut<Answer>(question: Question<Answer>, asker: Asker): Promise<Answer> {
    await inspector.learn()
    requireWaiting(asker)
    attempts.requireOpen()
    return question(asker)
  }

  return {
    async ask(question) {
      try {
        return await attempts.make((asker) => (inspector.isKnown() ? question(asker) : learnThenPut(question, asker)))
      } catch (error) {
        throw storeErrorOf(name, error)
      }
    },
    async inspect() {
      // What is known stays known meanwhile: a look for the sake of looking holds up no question. What fails is forgotten.
      try {
        return await attempts.make(inspector.learn)
      } catch (error) {
        throw error instanceof ConfigurationError ? error : storeErrorOf(name, error)
      }
    },
    close: attempts.close,
  }
}

/** Attempts to have something of an engine: each has a deadline, and its failure consequences. */
interface Attempts {
  /** @throws StoreError `closed` */
  requireOpen(): void
  make<Answer>(work: Question<Answer>): Promise<Answer>
  close(): void
}

function createAttempts({ name, deadlineMs, reconnect }: EngineOptions, inspector: Inspector): Attempts {
  const line = createLine(reconnect)
  const breaker = createCircuitBreaker({ ...breakerOptions, tryAgain: () => measured(inspector.learn) })
  let closed = false

  function requireOpen(): void {
    if (closed) throw new StoreError('closed', `the ${name} store is closed`)
  }

  async function measured<Answer>(work: Question<Answer>): Promise<Answer> {
    const asker: OpenQuestion = { over: false, line: line.number }
    try {
      const answer = await withinDeadline(work(asker), deadlineMs)
      breaker.succeeded()
      return answer
    } catch (error) {
      asker.over = true
      noteFailure(error, asker, { breaker, inspector, line })
      throw error
    }
  }

  return {
    requireOpen,
    async make(work) {
      requireOpen()
      if (breaker.isOpen) throw new StoreError('unavailable', `${name} failed a moment ago and is not asked now`)
      return measured(work)
    },
    close() {
      closed = true
      breaker.stop()
    },
  }
}

/** What is put to an engine. Put once; may look whether anybody still waits. */
export type Question<Answer> = (asker: Asker) => Promise<Answer>

/** One question, while it is put. */
interface OpenQuestion extends Asker {
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

function createLine(reconnect: () => void): Line {
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

interface Consequences {
  readonly breaker: CircuitBreaker
  readonly inspector: Inspector
  readonly line: Line
}

function noteFailure(error: unknown, asker: OpenQuestion, { breaker, inspector, line }: Consequences): void {
  const late = error instanceof DeadlineError
  const mixedUp = error instanceof StoreError && error.code === 'corrupt'
  // What a store says of a record, such as a conflict, is an answer of the engine.
  if (error instanceof StoreError && error.code !== 'unavailable' && !mixedUp) {
    breaker.succeeded()
    return
  }
  // What was under way on a line that we have dropped ourselves has not failed by the engine's fault.
  if (!late && !mixedUp && asker.line !== line.number) return
  breaker.failed()
  inspector.forget()
  if (late || mixedUp) line.drop(asker.line)
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
