/**
 * A revocation at one node, and an admission at another: whatever each waits for may come in any order, and in the end the session is not
 * open.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Detach, Session } from '../../src/session.ts'
import type { SessionLog } from '../../src/session-log.ts'
import { createMemorySessionLog } from '../../src/session-logs/memory.ts'
import { createSessions, type Sessions } from '../../src/sessions.ts'
import { idOfTicket } from '../../src/ticket.ts'
import { at, recordOf, start, ticketOf } from './fixtures.ts'
import { offering, setUpVerifier } from './verifier.ts'

type Scheduler = Parameters<Parameters<typeof fc.asyncProperty<[fc.Scheduler]>>[1]>[0]

beforeEach(() => {
  vi.useRealTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A log whose every answer, and every question, waits for its turn; until the end, when none does any more. */
function inTurns(scheduler: Scheduler, log: SessionLog, turns: { over: boolean }): SessionLog {
  const turn = async (name: string) => {
    if (!turns.over) await scheduler.schedule(Promise.resolve(), name)
  }
  const waiting =
    <Asked extends readonly unknown[], Answer>(name: string, ask: (...asked: Asked) => Promise<Answer>) =>
    async (...asked: Asked) => {
      await turn(`ask ${name}`)
      const answer = await ask(...asked)
      await turn(`hear ${name}`)
      return answer
    }
  return { ...log, append: waiting('append', log.append), readAfter: waiting('read', log.readAfter) }
}

interface Ended {
  readonly admitted: boolean
  readonly closedWith: number | null
  readonly isListed: boolean
}

async function play(scheduler: Scheduler): Promise<Ended> {
  const turns = { over: false }
  const log = createMemorySessionLog()
  const clock = () => at(start + 10)
  const nodes = [0, 1].map(() =>
    createSessions({ log: inTurns(scheduler, log, turns), clock, pollMs: 1, patienceMs: 60_000 }),
  ) as [Sessions, Sessions]
  const [here, there] = nodes
  try {
    const { admission, store } = setUpVerifier({
      sessions: here,
      clock,
      permit: async () => {
        await scheduler.schedule(Promise.resolve(), 'permit')
        return true
      },
    })
    const record = recordOf(ticketOf(1))
    await store.insert(record)
    let closedWith: number | null = null
    const attach = async () => {
      const decision = await admission.admit(offering(ticketOf(1)))
      if (decision.kind !== 'admitted') return false
      await scheduler.schedule(Promise.resolve(), 'the 101')
      let detach: Detach = () => {}
      const close = ({ closeCode }: { closeCode: number }) => {
        closedWith = closeCode
        queueMicrotask(() => detach())
      }
      detach = decision.attach({ close, destroy: () => {} })
      return true
    }
    const revoke = async () => {
      await scheduler.schedule(Promise.resolve(), 'revoke')
      await there.revoke({ kind: 'subject', subject: record.subject as Session['subject'] })
    }
    // Looks as the timer of the log takes them, at any moment.
    const look = async () => {
      for (let looks = 0; looks < 4; looks += 1) {
        await scheduler.schedule(Promise.resolve(), 'look')
        await here.refusalNoted(idOfTicket(ticketOf(2)))
      }
    }
    const [admitted] = await scheduler.waitFor(Promise.all([attach(), revoke(), look()]))
    turns.over = true
    await scheduler.waitIdle()
    // Long enough for a look.
    await expect.poll(() => !admitted || closedWith !== null, { interval: 2 }).toBe(true)
    return { admitted, closedWith, isListed: here.list().length > 0 }
  } finally {
    for (const node of nodes) node.close()
  }
}

it('a revocation ends the session, or keeps it from beginning, whatever comes first', async () => {
  const seen = new Set<boolean>()
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const { admitted, closedWith, isListed } = await play(scheduler)
      seen.add(admitted)
      expect(isListed).toBe(false)
      expect(closedWith).toBe(admitted ? 4401 : null)
    }),
    { numRuns: 150, interruptAfterTimeLimit: 20_000 },
  )
  // Both ways are gone.
  expect(seen).toEqual(new Set([false, true]))
}, 60_000)
