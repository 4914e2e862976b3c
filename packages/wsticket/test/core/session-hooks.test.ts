import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Subject } from '../../src/credential.ts'
import type { Closing, Session } from '../../src/session.ts'
import { createSessions, type SessionsOptions } from '../../src/sessions.ts'
import { idOfTicket } from '../../src/ticket.ts'
import { at, createAudit, start, ticketOf } from './fixtures.ts'

const alice = 'https://issuer.example#alice' as Subject
const never = new Promise<void>(() => {})

function sessionOf(seed: number): Session {
  const who = { id: idOfTicket(ticketOf(seed)), subject: alice, audience: 'chat', claims: {} }
  return { ...who, clientAddress: null, origin: null, issuedAt: start, admittedAt: start, expiresAt: null }
}

function setUp(options: SessionsOptions) {
  const audit = createAudit()
  const sessions = createSessions({ clock: () => start, onEvent: audit.onEvent, ...options })
  onTestFinished(() => sessions.close())
  /** Its client answers the close frame at once. */
  function open(session: Session) {
    const closings: Closing[] = []
    const detach = sessions.attach(session, {
      close(closing) {
        closings.push(closing)
        detach()
      },
      destroy: () => detach(),
    })
    return { closings, detach }
  }
  return { sessions, events: audit.events, open }
}

function failed(hook: string, seed: number, fault: string) {
  const { id: ticketId, subject, audience } = sessionOf(seed)
  return { type: 'hook_failed', at: start, hook, ticketId, subject, audience, fault }
}

describe('onEnd', () => {
  it('hears of each session once, with how it ended', async () => {
    const heard: unknown[] = []
    const { sessions, open } = setUp({ onEnd: ({ id }, ending) => heard.push([id, ending]) })
    const { detach } = open(sessionOf(1))
    detach()
    detach()
    open(sessionOf(2))
    await sessions.revoke({ kind: 'subject', subject: alice })
    open(sessionOf(3)).detach('session_idle')
    await expect
      .poll(() => heard)
      .toEqual([
        [sessionOf(1).id, null],
        [sessionOf(2).id, 'session_revoked'],
        // It was issued before its subject was revoked.
        [sessionOf(3).id, 'session_revoked'],
      ])
  })

  it('hears why an adapter has closed', async () => {
    const heard: unknown[] = []
    const { open } = setUp({ onEnd: (_, ending) => heard.push(ending) })
    open(sessionOf(1)).detach('session_idle')
    await expect.poll(() => heard).toEqual(['session_idle'])
  })

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new TypeError('secret')
      },
      'TypeError',
    ],
    ['rejects', () => Promise.reject(new RangeError('secret')), 'RangeError'],
    ['never settles', () => never, 'DeadlineError deadline'],
  ])('that %s is told of, and harms nobody else', async (_, hook, fault) => {
    const heard: unknown[] = []
    const onEnd = ({ id }: Session) => (id === sessionOf(1).id ? hook() : heard.push(id))
    const { sessions, open, events } = setUp({ onEnd, hookDeadlineMs: 50 })
    const [one, other] = [open(sessionOf(1)), open(sessionOf(2))]
    one.detach()
    other.detach()
    await expect.poll(() => events.filter(({ type }) => type === 'hook_failed')).toEqual([failed('onEnd', 1, fault)])
    expect(heard).toEqual([sessionOf(2).id])
    expect(sessions.count()).toBe(0)
    expect(JSON.stringify(events)).not.toContain('secret')
  })

  it('is waited for by a drain, and by no close', async () => {
    const done: string[] = []
    const onEnd = async ({ id }: Session) => {
      await pause(100)
      done.push(id)
    }
    const { sessions, open } = setUp({ onEnd })
    const { closings } = open(sessionOf(1))
    await sessions.drain({ windowMs: 0, deadlineMs: 1000 })
    expect(done).toEqual([sessionOf(1).id])
    expect(closings).toMatchObject([{ closeCode: 1012 }])
  })

  it('holds up a drain no longer than it may take', async () => {
    const { sessions, open, events } = setUp({ onEnd: () => never, hookDeadlineMs: 100 })
    open(sessionOf(1))
    await sessions.drain({ windowMs: 0, deadlineMs: 1000 })
    expect(events.at(-1)).toEqual(failed('onEnd', 1, 'DeadlineError deadline'))
  })
})

it('onEnd is waited for by a drain that has to cut', async () => {
  const ended: string[] = []
  const { sessions } = setUp({ onEnd: ({ id }) => ended.push(id) })
  const detach = sessions.attach(sessionOf(1), { close() {}, destroy: () => void setTimeout(() => detach(), 30) })
  await sessions.drain({ windowMs: 0, deadlineMs: 100 })
  expect(ended).toEqual([sessionOf(1).id])
  expect(sessions.count()).toBe(0)
})

it('the hooks of a session run one after the other, and are given the same session', async () => {
  const heard: unknown[] = []
  const session = sessionOf(1)
  const slowly = async (what: string, told: Session) => {
    await pause(50)
    heard.push(what, told === session)
  }
  const { sessions, open } = setUp({
    onStart: (begun) => slowly('begun', begun),
    onRenew: (renewed) => slowly('renewed', renewed),
    onEnd: (over) => heard.push('ended', over === session),
  })
  const { detach } = open(session)
  await sessions.renew({ id: session.id, subject: alice, expiresAt: at(start + 9) })
  detach()
  await expect.poll(() => heard).toEqual(['begun', true, 'renewed', true, 'ended', true])
})

it('onStart that throws is told of, and the session goes on', async () => {
  const onStart = () => {
    throw new TypeError('secret')
  }
  const { sessions, open, events } = setUp({ onStart })
  open(sessionOf(1))
  await expect.poll(() => events).toEqual([failed('onStart', 1, 'TypeError')])
  expect(sessions.count()).toBe(1)
})

describe('onRenew', () => {
  it('hears of the new end, and does not hold up who renews', async () => {
    const heard: unknown[] = []
    const onRenew = ({ id }: Session, endsAt: unknown) => {
      heard.push([id, endsAt])
      return never
    }
    const { sessions, open, events } = setUp({ onRenew, hookDeadlineMs: 50 })
    open(sessionOf(1))
    const { id } = sessionOf(1)
    expect(await sessions.renew({ id, subject: alice, expiresAt: at(start + 9) })).toEqual({ endsAt: start + 9 })
    await expect.poll(() => heard).toEqual([[id, start + 9]])
    await expect.poll(() => events.at(-1)).toEqual(failed('onRenew', 1, 'DeadlineError deadline'))
  })
})

it.each([{ onEnd: 'log' }, { onRenew: 1 }, { onStart: {} }, { hookDeadlineMs: 0 }])('%j cannot be', (options) => {
  expect(() => createSessions(options as unknown as SessionsOptions)).toThrow(
    /^(onEnd|onRenew|onStart|hookDeadlineMs) must be /,
  )
})
