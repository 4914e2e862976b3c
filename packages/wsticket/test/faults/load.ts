/**
 * A steady stream of tickets, each issued, and presented to two verifiers a little later: long enough for something to happen
 * in between.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import { sampleRecord } from '../../src/testing/store-harness.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { createTally, type Tally } from './tally.ts'

/** A stream that flows. */
export interface Load {
  readonly tally: Tally
  /** Resolves when each verifier has decided on a ticket that was issued from now on; with the milliseconds that took. */
  readonly recovery: () => Promise<number>
  /** Issues no more, and resolves when every promise has settled. */
  readonly stop: () => Promise<LoadReport>
}

/** What came of it. */
export interface LoadReport {
  readonly issued: number
  readonly refused: number
  readonly admitted: number
  readonly admittedTwice: number
  /** How long the slowest answer took, in milliseconds. */
  readonly slowestMs: number
}

const ticketsPerSecond = 200
const longestWaitMs = 400

/** Starts one; the first store issues, all of them admit. */
export function startLoad(stores: readonly Pick<TicketStore, 'insert' | 'redeem'>[]): Load {
  const tally = createTally()
  const running = new Set<Promise<void>>()
  const decisions = stores.map(() => ({ issuedAt: 0, decidedAt: 0 }))
  let stopped = false
  let issued = 0
  let refused = 0
  let slowestMs = 0

  async function timed<Result>(work: Promise<Result>): Promise<Result> {
    const startedAt = performance.now()
    return work.finally(() => {
      slowestMs = Math.max(slowestMs, performance.now() - startedAt)
    })
  }

  async function oneTicket(number: number): Promise<void> {
    const record = sampleRecord(systemClock())
    const issuedAt = performance.now()
    try {
      await timed((stores[0] as (typeof stores)[number]).insert(record))
      issued += 1
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      refused += 1
      return
    }
    await pause((number * 37) % longestWaitMs)
    const first = number % stores.length
    const present = async (index: number) => {
      const answer = await timed(tally.redeem(stores[index] as (typeof stores)[number], record.id))
      // Two verifiers race: who loses has decided as well.
      if (answer === 'redeemed' || answer === 'spent') decisions[index] = { issuedAt, decidedAt: performance.now() }
    }
    const second = present((first + 1) % stores.length)
    await Promise.all([present(first), second])
  }

  const flowing = (async () => {
    const startedAt = performance.now()
    for (let number = 0; !stopped; number += 1) {
      const ticket = oneTicket(number)
      running.add(ticket)
      // One that failed stays: `stop` fails with it.
      ticket.then(
        () => running.delete(ticket),
        () => {},
      )
      await pause(Math.max(0, startedAt + (number * 1000) / ticketsPerSecond - performance.now()))
    }
  })()

  return {
    tally,
    async recovery() {
      const from = performance.now()
      while (decisions.some(({ issuedAt }) => issuedAt < from)) await pause(5)
      return Math.max(...decisions.map(({ decidedAt }) => decidedAt)) - from
    },
    async stop() {
      stopped = true
      await flowing
      await Promise.all(running)
      return { issued, refused, admitted: tally.admitted, admittedTwice: tally.admittedTwice, slowestMs }
    },
  }
}
