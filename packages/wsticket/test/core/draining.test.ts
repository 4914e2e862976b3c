import { describe, expect, it } from 'vitest'
import type { AdmittedDecision, Decision } from '../../src/admission.ts'
import type { Closing } from '../../src/session.ts'
import { createSessions } from '../../src/sessions.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { createSignal } from '../../src/testing/conformance-case.ts'
import { createHeldStore } from '../../src/testing/held-store.ts'
import { opening, recordOf, start, ticketOf } from './fixtures.ts'
import { offering, setUpVerifier } from './verifier.ts'

const atOnce = { windowMs: 0, deadlineMs: 60_000 }

/** A drain, and whether it is over. */
function startDrain(sessions: ReturnType<typeof createSessions>, plan = atOnce) {
  const seen = { isOver: false }
  const done = sessions.drain(plan).then(() => {
    seen.isOver = true
  })
  return { seen, done }
}

/** Long enough for a drain that waits for nothing. */
function aWhile(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150))
}

function requireAdmitted(decision: Decision): AdmittedDecision {
  if (decision.kind !== 'admitted') throw new TypeError(decision.kind)
  return decision
}

describe('a drain that begins while a handshake is decided', () => {
  it('waits for the store, and refuses', async () => {
    const sessions = createSessions({ clock: () => start })
    const store = createHeldStore(createMemoryStore({ clock: () => start }))
    await store.insert(recordOf(ticketOf(1)))
    const arrival = store.hold()
    const { admission } = setUpVerifier({ sessions, store })
    const decision = admission.admit(offering(ticketOf(1)))
    await arrival
    const { seen, done } = startDrain(sessions)
    await aWhile()
    expect(seen.isOver).toBe(false)
    store.release()
    expect(await decision).toEqual({ kind: 'refused', code: 'draining' })
    await done
  })

  it('waits for the last word, and closes with 1012 who is let in', async () => {
    const sessions = createSessions({ clock: () => start })
    const [asked, answered] = [createSignal<void>(), createSignal<boolean>()]
    const permit = () => {
      asked.fire()
      return answered.promise
    }
    const { admission, store } = setUpVerifier({ sessions, permit })
    await store.insert(recordOf(ticketOf(1)))
    const closings: Closing[] = []
    const attached = admission.admit(offering(ticketOf(1))).then((decision) => {
      const close = (closing: Closing) => void closings.push(closing)
      return requireAdmitted(decision).attach({ close, destroy() {} })
    })
    await asked.promise
    const { seen, done } = startDrain(sessions)
    await aWhile()
    expect(seen.isOver).toBe(false)
    answered.fire(true)
    const detach = await attached
    await aWhile()
    expect(closings).toMatchObject([{ closeCode: 1012, publicCode: 'restarting' }])
    expect(seen.isOver).toBe(false)
    detach()
    await done
  })

  it('waits for nobody who is decided, and for nobody beyond its deadline', async () => {
    const sessions = createSessions({ clock: () => start })
    const asked = createSignal<void>()
    const permit = () => {
      asked.fire()
      return new Promise<never>(() => {})
    }
    const { admission, store } = setUpVerifier({ sessions, permit })
    await store.insert(recordOf(ticketOf(1)))
    expect(await admission.admit(offering(ticketOf(2)))).toMatchObject({ code: 'ticket_unknown' })
    void admission.admit(offering(ticketOf(1)))
    await asked.promise
    const startedAt = performance.now()
    await sessions.drain({ windowMs: 0, deadlineMs: 200 })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(190)
    const idle = createSessions({ clock: () => start })
    await setUpVerifier({ sessions: idle }).admission.admit(offering(ticketOf(1)))
    await idle.drain(atOnce)
  })

  it('tells those who wait for a first message, and spends none of their tickets', async () => {
    const sessions = createSessions({ clock: () => start })
    const { admission, store, redeemed, events } = setUpVerifier({ sessions, carriers: ['message'] })
    await store.insert(recordOf(ticketOf(1)))
    const waiting = [await admission.admit(opening()), await admission.admit(opening())].map((decision) => {
      if (decision.kind !== 'await_message') throw new TypeError(decision.kind)
      return decision
    })
    const { seen, done } = startDrain(sessions)
    await Promise.all(waiting.map(({ draining }) => draining))
    expect(seen.isOver).toBe(false)
    const text = JSON.stringify({ type: 'ticket', ticket: ticketOf(1) })
    const codes = [await waiting[0]?.admit({ kind: 'absent' }), await waiting[1]?.admit({ kind: 'text', text })]
    expect(codes).toEqual([
      { kind: 'refused', code: 'draining' },
      { kind: 'refused', code: 'draining' },
    ])
    expect(redeemed).toEqual([])
    expect(events.map(({ type }) => type)).toEqual(['refused', 'refused'])
    await done
  })
})
