/**
 * How often each ticket was admitted, over every store that it was presented to.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { StoreError } from '../../src/errors.ts'
import type { TicketId } from '../../src/ticket.ts'
import type { RedeemOutcome, TicketStore } from '../../src/ticket-store.ts'

/** As much of a store as can admit. */
export type Verifier = Pick<TicketStore, 'redeem'>

/** What came of presenting a ticket: an outcome, or the code of the fault. */
export type Answer = RedeemOutcome['kind'] | StoreError['code']

/** Counts. */
export interface Tally {
  /** Presents a ticket once. */
  redeem(store: Verifier, id: TicketId): Promise<Answer>
  /**
   * Presents every ticket to every store: to all of them at the same moment, and then once more to one after the other; 60 tickets at once, which an
   * engine answers in time, also on a machine that many share. Resolves with how often there was each answer.
   */
  present(ids: readonly TicketId[], stores: readonly Verifier[]): Promise<Answers>
  /** The same, all over again until every answer is decided, or twenty seconds are over: for tickets whose answers stay what they are. */
  presentUntilDecided(ids: readonly TicketId[], stores: readonly Verifier[]): Promise<Answers>
  /** How many tickets were admitted. */
  readonly admitted: number
  /** How many of them more than once. */
  readonly admittedTwice: number
  /** Those of these that were admitted by nobody, though every answer was decided. */
  lost(ids: readonly TicketId[]): TicketId[]
}

/** How often there was each answer; those that there never was are left out. */
export type Answers = { readonly [answer in Answer]?: number }

const ticketsAtOnce = 60
const decidedWithinMs = 20_000
const pauseMs = 20

/** Starts to count. */
export function createTally(): Tally {
  const admissions = new Map<TicketId, number>()
  const undecided = new Set<TicketId>()
  const redeem = async (store: Verifier, id: TicketId) => {
    const answer = await answerOf(store, id)
    if (answer === 'redeemed') admissions.set(id, (admissions.get(id) ?? 0) + 1)
    if (answer === 'unavailable') undecided.add(id)
    return answer
  }
  const present: Tally['present'] = async (ids, stores) => {
    const answers: { [answer in Answer]?: number } = {}
    const count = async (store: Verifier, id: TicketId) => {
      const answer = await redeem(store, id)
      answers[answer] = (answers[answer] ?? 0) + 1
    }
    for (let from = 0; from < ids.length; from += ticketsAtOnce) {
      const some = ids.slice(from, from + ticketsAtOnce)
      await Promise.all(some.flatMap((id) => stores.map((store) => count(store, id))))
      for (const store of stores) await Promise.all(some.map((id) => count(store, id)))
    }
    return answers
  }
  return {
    redeem,
    present,
    async presentUntilDecided(ids, stores) {
      const startedAt = performance.now()
      for (;;) {
        const answers = await present(ids, stores)
        if (answers.unavailable === undefined || performance.now() - startedAt > decidedWithinMs) return answers
        await pause(pauseMs)
      }
    },
    get admitted() {
      return admissions.size
    },
    get admittedTwice() {
      return [...admissions.values()].filter((times) => times > 1).length
    },
    lost: (ids) => ids.filter((id) => !admissions.has(id) && !undecided.has(id)),
  }
}

async function answerOf(store: Verifier, id: TicketId): Promise<Answer> {
  try {
    return (await store.redeem(id, systemClock())).kind
  } catch (error) {
    // Whatever else is thrown is a fault of the store itself.
    if (error instanceof StoreError) return error.code
    throw error
  }
}
