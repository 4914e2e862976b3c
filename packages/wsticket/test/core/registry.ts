/** A session registry by itself: sessions without sockets, and a clock that a test moves. */
import { onTestFinished, vi } from 'vitest'
import type { Subject } from '../../src/credential.ts'
import type { Closing, Session } from '../../src/session.ts'
import { createSessions, type SessionsOptions } from '../../src/sessions.ts'
import { createMovableClock, type MovableClock } from '../../src/testing/movable-clock.ts'
import { idOfTicket } from '../../src/ticket.ts'
import { at, createAudit, start, ticketOf } from './fixtures.ts'

export const alice = 'https://issuer.example#alice' as Subject
export const bob = 'https://issuer.example#bob' as Subject

/** A session of alice, unless told otherwise. */
export function sessionOf(seed: number, members: Partial<Session> = {}): Session {
  return {
    id: idOfTicket(ticketOf(seed)),
    subject: alice,
    audience: 'chat',
    claims: {},
    clientAddress: null,
    origin: null,
    issuedAt: start,
    admittedAt: start,
    expiresAt: at(start + 60_000),
    ...members,
  }
}

/**
 * A registry, and the WebSockets of its sessions: what each was closed with. A client answers its close frame at once, or never. Of several
 * registries the clock is one.
 */
export function setUp(
  options: SessionsOptions = {},
  client: { readonly answers: boolean } = { answers: true },
  clock: MovableClock = createMovableClock(start),
) {
  const audit = createAudit()
  const sessions = createSessions({ clock: clock.now, onEvent: audit.onEvent, ...options })
  onTestFinished(() => sessions.close())
  const closings = new Map<Session['id'], Closing | 'destroyed'>()
  function open(session: Session): Session['id'] {
    const { id } = session
    let closed = () => {}
    const end = (closing: Closing | 'destroyed') => {
      closings.set(id, closing)
      if (client.answers || closing === 'destroyed') closed()
    }
    const attached = sessions.attach(session, {
      close: (closing) => queueMicrotask(() => end(closing)),
      destroy: () => end('destroyed'),
    })
    closed = attached
    return id
  }
  async function pass(durationMs: number): Promise<void> {
    const stepMs = durationMs > 5000 ? 250 : 50
    for (let passed = 0; passed < durationMs; passed += stepMs) {
      clock.advance(Math.min(stepMs, durationMs - passed))
      await vi.advanceTimersByTimeAsync(Math.min(stepMs, durationMs - passed))
    }
  }
  const codeOfClosing = (id: Session['id']) => {
    const closing = closings.get(id)
    return typeof closing === 'object' ? closing.closeCode : closing
  }
  return { sessions, clock, events: audit.events, open, pass, codeOfClosing }
}
