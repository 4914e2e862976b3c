/**
 * What asks a store all the time, whatever becomes of its engine: tickets are issued and redeemed, and every answer is timed.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'

/** One question, and how long the store took to answer it. */
export interface Call {
  readonly startedAt: number
  readonly tookMs: number
  readonly failed: boolean
  /** Whether the circuit was open: the engine was not asked. */
  readonly unasked: boolean
}

/** Questions that go on until they are stopped. */
export interface OutageLoad {
  /** What was asked up to now and answered. */
  readonly calls: readonly Call[]
  /** Resolves with the moment when a ticket was redeemed that had been issued after this call. */
  recovered(): Promise<number>
  /** Resolves when every question is answered. */
  stop(): Promise<void>
}

const everyMs = 10

/** Begins to ask. Questions that are not answered yet keep no others waiting. */
export function startLoad(store: TicketStore): OutageLoad {
  const calls: Call[] = []
  const admissions: { issuedAt: number; admittedAt: number }[] = []
  const running = new Set<Promise<void>>()
  let stopped = false

  async function timed<Result>(ask: () => Promise<Result>): Promise<Result | null> {
    const startedAt = performance.now()
    const note = (failed: boolean, unasked = false) =>
      void calls.push({ startedAt, tookMs: performance.now() - startedAt, failed, unasked })
    try {
      const result = await ask()
      note(false)
      return result
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      note(true, error.message.includes('is not asked now'))
      return null
    }
  }

  async function oneTicket(): Promise<void> {
    const record = sampleRecord(systemClock())
    const issuedAt = performance.now()
    const issued = await timed(async () => store.insert(record).then(() => true))
    if (!issued) return
    const outcome = await timed(() => store.redeem(record.id, systemClock()))
    if (outcome?.kind === 'redeemed') admissions.push({ issuedAt, admittedAt: performance.now() })
  }

  const flowing = (async () => {
    while (!stopped) {
      const ticket = oneTicket()
      running.add(ticket)
      ticket.finally(() => running.delete(ticket)).catch(() => {})
      await pause(everyMs)
    }
  })()

  return {
    calls,
    async recovered() {
      const from = performance.now()
      const first = () => admissions.find(({ issuedAt }) => issuedAt >= from)
      while (first() === undefined) await pause(everyMs)
      return first()?.admittedAt ?? from
    },
    async stop() {
      stopped = true
      await flowing
      await Promise.all(running)
    },
  }
}
