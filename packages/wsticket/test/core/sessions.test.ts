import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import type { Closing, Session } from '../../src/session.ts'
import type { LoggedEntry, SessionLog } from '../../src/session-log.ts'
import { createMemorySessionLog } from '../../src/session-logs/memory.ts'
import { createSessions } from '../../src/sessions.ts'
import { idOfTicket } from '../../src/ticket.ts'
import { at, recordOf, start, ticketOf } from './fixtures.ts'
import { alice, bob, sessionOf, setUp } from './registry.ts'
import { codeOf, offering, setUpVerifier } from './verifier.ts'

beforeEach(() => {
  // Where they are faked already, they would stay as they are.
  vi.useRealTimers()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A log that says once, when it is told to, that it has lost the entry at a position. */
function createLosingLog() {
  const whole = createMemorySessionLog()
  let isLost = false
  const log: SessionLog = {
    ...whole,
    async readAfter(position, most) {
      if (!isLost || position === null) return whole.readAfter(position, most)
      isLost = false
      return 'lost'
    },
  }
  const lose = () => {
    isLost = true
  }
  return { log, lose }
}

describe('the end of a session', () => {
  it('comes within a tenth of a second of its time, with 4205, and not before', async () => {
    const { sessions, open, pass, codeOfClosing, events } = setUp()
    const id = open(sessionOf(1, { expiresAt: at(start + 60_350) }))
    const unlimited = open(sessionOf(2, { expiresAt: null }))
    await pass(60_300)
    expect(codeOfClosing(id)).toBeUndefined()
    await pass(150)
    expect(codeOfClosing(id)).toBe(4205)
    expect(events.at(-1)).toMatchObject({ type: 'session_ended', ticketId: id, ending: 'session_expired' })
    expect(sessions.list().map((session) => session.id)).toEqual([unlimited])
  })

  it('is that of the registry where that is sooner, and comes later by the grace', async () => {
    const { open, pass, codeOfClosing } = setUp({ maximumAgeMs: 10_000, graceMs: 5000 })
    const id = open(sessionOf(1))
    await pass(14_950)
    expect(codeOfClosing(id)).toBeUndefined()
    await pass(150)
    expect(codeOfClosing(id)).toBe(4205)
  })

  it('is told of once, and as nobody’s doing where the client has closed', () => {
    const { sessions, events } = setUp()
    const detach = sessions.attach(sessionOf(1), { close() {}, destroy() {} })
    detach()
    detach()
    expect(events).toMatchObject([{ type: 'session_ended', ending: null }])
    expect(sessions.count()).toBe(0)
  })

  it('leaves no timer behind', async () => {
    const { open, clock, codeOfClosing } = setUp()
    const id = open(sessionOf(1))
    expect(vi.getTimerCount()).toBe(1)
    clock.advance(61_000)
    vi.advanceTimersByTime(1000)
    // No turn of the event loop: what another file has left waiting would start a timer in it.
    for (let step = 0; step < 20; step++) await Promise.resolve()
    expect(codeOfClosing(id)).toBe(4205)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a renewal', () => {
  it('moves the end of a session of this subject, and of no other', async () => {
    const { sessions, open, pass, codeOfClosing, events } = setUp()
    const id = open(sessionOf(1))
    expect(await sessions.renew({ id, subject: bob, expiresAt: at(start + 120_000) })).toBe('unknown')
    expect(sessions.list()[0]?.endsAt).toBe(start + 60_000)
    expect(await sessions.renew({ id, subject: alice, expiresAt: at(start + 120_000) })).toEqual({
      endsAt: start + 120_000,
    })
    expect(events.at(-1)).toMatchObject({ type: 'session_renewed', ticketId: id, endsAt: start + 120_000 })
    await pass(119_950)
    expect(codeOfClosing(id)).toBeUndefined()
    await pass(150)
    expect(codeOfClosing(id)).toBe(4205)
  })

  it('can bring the end nearer, and never takes it beyond the longest age', async () => {
    const { sessions, open, pass, codeOfClosing } = setUp({ maximumAgeMs: 90_000 })
    const id = open(sessionOf(1))
    expect(await sessions.renew({ id, subject: alice, expiresAt: null })).toEqual({ endsAt: start + 90_000 })
    expect(await sessions.renew({ id, subject: alice, expiresAt: at(start + 5000) })).toEqual({ endsAt: start + 5000 })
    await pass(6000)
    expect(codeOfClosing(id)).toBe(4205)
    expect(await sessions.renew({ id, subject: alice, expiresAt: null })).toBe('unknown')
  })

  it('reaches the node that has the session, and is answered by it', async () => {
    const log = createMemorySessionLog()
    const here = setUp({ log })
    const there = setUp({ log })
    await Promise.all([here.pass(300), there.pass(300)])
    const id = there.open(sessionOf(1))
    const renewed = here.sessions.renew({ id, subject: alice, expiresAt: at(start + 120_000) })
    const refused = here.sessions.renew({ id, subject: bob, expiresAt: at(start + 240_000) })
    await Promise.all([here.pass(3000), there.pass(3000)])
    expect(await renewed).toEqual({ endsAt: start + 120_000 })
    expect(await refused).toBe('unknown')
    expect(there.sessions.list()[0]?.endsAt).toBe(start + 120_000)
  })
})

describe('a revocation', () => {
  const selectors = [
    { kind: 'subject', subject: alice },
    { kind: 'session', id: idOfTicket(ticketOf(1)), subject: null },
    { kind: 'session', id: idOfTicket(ticketOf(1)), subject: alice },
    { kind: 'audience', audience: 'chat' },
    { kind: 'everything' },
  ] as const

  it.each(selectors)(
    'by $kind ends the sessions of what was issued before, on all nodes, and no other',
    async (selector) => {
      const log = createMemorySessionLog()
      const here = setUp({ log })
      const there = setUp({ log })
      const isAll = selector.kind === 'everything'
      const id = there.open(sessionOf(1))
      const other = there.open(sessionOf(2, { subject: bob, audience: 'news' }))
      const later = there.open(sessionOf(1, { id: idOfTicket(ticketOf(3)), issuedAt: at(start + 1) }))
      await here.sessions.revoke(selector)
      await Promise.all([here.pass(300), there.pass(300)])
      expect(there.codeOfClosing(id)).toBe(4401)
      expect(there.codeOfClosing(other)).toBe(isAll ? 4401 : undefined)
      expect(there.codeOfClosing(later)).toBeUndefined()
    },
  )

  it.each(selectors)('by $kind voids the tickets that are out', async (selector) => {
    const sessions = createSessions({ clock: () => start })
    const { admission, store } = setUpVerifier({ sessions })
    for (const seed of [1, 2]) await store.insert(recordOf(ticketOf(seed), { issuedAt: at(start + seed - 1) }))
    await sessions.revoke(selector)
    expect(await codeOf(admission, offering(ticketOf(1)))).toBe('ticket_revoked')
    expect(await codeOf(admission, offering(ticketOf(2)))).toBe('admitted')
  })

  it.each(['store', 'permit', 'attach'] as const)(
    'that falls before the %s is done ends the session all the same',
    async (step) => {
      const sessions = createSessions({ clock: () => start })
      const revoke = () => sessions.revoke({ kind: 'subject', subject: alice })
      const { store, ...verifier } = setUpVerifier({
        sessions,
        permit: async () => {
          if (step === 'permit') await revoke()
          return true
        },
      })
      await store.insert(recordOf(ticketOf(1)))
      if (step === 'store') await revoke()
      const decision = await verifier.admission.admit(offering(ticketOf(1)))
      if (step === 'store') return expect(decision).toMatchObject({ kind: 'refused', code: 'ticket_revoked' })
      if (decision.kind !== 'admitted') throw new TypeError('it should be admitted')
      if (step === 'attach') await revoke()
      const closings: Closing[] = []
      decision.attach({ close: (closing) => void closings.push(closing), destroy() {} })
      expect(closings).toMatchObject([{ closeCode: 4401, publicCode: 'session_revoked' }])
    },
  )
})

it('a revocation of a clock that is days ahead does not void the tickets of days to come', async () => {
  const log = createMemorySessionLog()
  const { sessions, pass, clock } = setUp({ log })
  await log.append({ kind: 'revocation', selector: { kind: 'everything' }, at: at(start + 3 * 86_400_000) })
  await pass(300)
  expect(sessions.refusalOf(recordOf(ticketOf(1)))).toBe('ticket_revoked')
  expect(sessions.refusalOf(recordOf(ticketOf(1), { issuedAt: at(clock.now() + 120_000) }))).toBeNull()
})

it('a revocation that cannot be written is an error, and holds here all the same', async () => {
  const log = { ...createMemorySessionLog(), append: async () => Promise.reject(new Error('away')) }
  const { sessions, open, pass, codeOfClosing } = setUp({ log })
  const id = open(sessionOf(1))
  await expect(sessions.revoke({ kind: 'subject', subject: alice })).rejects.toThrow('away')
  await pass(50)
  expect(codeOfClosing(id)).toBe(4401)
})

it('a revocation of a clock that is days ahead makes nobody forget the others', async () => {
  const log = createMemorySessionLog()
  const { sessions, pass } = setUp({ log })
  await log.append({ kind: 'revocation', selector: { kind: 'subject', subject: alice }, at: start })
  await log.append({ kind: 'revocation', selector: { kind: 'subject', subject: bob }, at: at(start + 3 * 86_400_000) })
  await pass(300)
  expect(sessions.refusalOf(recordOf(ticketOf(1)))).toBe('ticket_revoked')
})

it('a revocation of one session holds whatever the clocks say, and no other is looked at', async () => {
  const { sessions, open, pass, codeOfClosing } = setUp()
  const [early, other] = [open(sessionOf(1, { issuedAt: at(start + 5000) })), open(sessionOf(2))]
  await sessions.revoke({ kind: 'session', id: early, subject: alice })
  await pass(50)
  expect([codeOfClosing(early), codeOfClosing(other)]).toEqual([4401, undefined])
})

it.each([
  { kind: 'sessions', id: idOfTicket(ticketOf(1)) },
  { kind: 'subject', subject: 'alice' },
  { kind: 'everything', but: 1 },
])('a revocation of %j is none: it would void everything, or stop every node that reads it', async (selector) => {
  const { sessions, open } = setUp()
  open(sessionOf(1))
  await expect(sessions.revoke(selector as never)).rejects.toMatchObject({ name: 'ConfigurationError' })
  expect(sessions.list()).toHaveLength(1)
})

it('a session that is revoked before it is attached takes no other’s place', async () => {
  const { sessions, open, pass, codeOfClosing } = setUp({ sessionsInAll: 1, overflow: 'end_oldest' })
  const innocent = open(sessionOf(1, { subject: bob }))
  await sessions.revoke({ kind: 'subject', subject: alice })
  const revoked = open(sessionOf(2))
  await pass(50)
  expect([codeOfClosing(innocent), codeOfClosing(revoked)]).toEqual([undefined, 4401])
})

it('a connection that cannot be closed is cut, and keeps no other open', async () => {
  const { sessions, open, pass, codeOfClosing } = setUp()
  const cuts: string[] = []
  const close = () => {
    throw new Error('broken')
  }
  sessions.attach(sessionOf(1), { close, destroy: () => void cuts.push('cut') })
  const other = open(sessionOf(2))
  await sessions.revoke({ kind: 'everything' })
  await pass(50)
  expect([cuts, codeOfClosing(other)]).toEqual([['cut'], 4401])
})

it('a revocation that may not be written is told of as such, and stands here', async () => {
  const append = async () => Promise.reject(new StoreError('unavailable', 'away'))
  const { sessions, open, pass, codeOfClosing, events } = setUp({ log: { ...createMemorySessionLog(), append } })
  const id = open(sessionOf(1))
  const selector = { kind: 'session', id, subject: null } as const
  await expect(sessions.revoke(selector)).rejects.toThrow('away')
  await pass(50)
  expect(events).toContainEqual({ type: 'revoked', at: start, selector, fault: 'StoreError unavailable' })
  expect(codeOfClosing(id)).toBe(4401)
})

it('a renewal that is read once more, because the log was lost, moves nothing back', async () => {
  const { log, lose } = createLosingLog()
  const { sessions, open, pass, events } = setUp({ log })
  await pass(300)
  const id = open(sessionOf(1))
  await log.append({ kind: 'renewal', id, subject: alice, expiresAt: at(start + 90_000), at: start })
  await pass(300)
  expect(sessions.list()[0]?.endsAt).toBe(start + 90_000)
  await sessions.renew({ id, subject: alice, expiresAt: at(start + 900_000) })
  lose()
  await pass(300)
  expect(events.map(({ type }) => type)).toContain('session_log_lost')
  expect(sessions.list()[0]?.endsAt).toBe(start + 900_000)
})

it('a log that cannot be read from the start is told of, too', async () => {
  const log = { ...createMemorySessionLog(), readAfter: async () => Promise.reject(new Error('denied')) }
  const { sessions, pass, events } = setUp({ log, patienceMs: 1000 })
  await pass(3000)
  expect(events.map(({ type }) => type)).toEqual(['session_log_lost'])
  await expect(sessions.ready()).rejects.toThrow('denied')
})

it('a log that throws where it should reject breaks nothing', async () => {
  const append = () => {
    throw new Error('at once')
  }
  const { sessions } = setUp({ log: { ...createMemorySessionLog(), append } })
  expect(() => sessions.noteRefusal(idOfTicket(ticketOf(1)), 'permission_denied')).not.toThrow()
  await expect(sessions.revoke({ kind: 'everything' })).rejects.toThrow('at once')
})

it('where it is not known what is revoked, no ticket is spent', async () => {
  const log = { ...createMemorySessionLog(), readAfter: async () => Promise.reject(new Error('denied')) }
  const { sessions } = setUp({ log })
  const { admission, redeemed } = setUpVerifier({ sessions })
  expect(await codeOf(admission, offering(ticketOf(1)))).toBe('store_unavailable')
  expect(redeemed).toEqual([])
})

it('a renewal is not told of the grace that it has', async () => {
  const { sessions, open } = setUp({ graceMs: 5000 })
  const id = open(sessionOf(1))
  expect(await sessions.renew({ id, subject: alice, expiresAt: at(start + 90_000) })).toEqual({
    endsAt: start + 90_000,
  })
  expect(sessions.list()[0]?.endsAt).toBe(start + 95_000)
})

it('a drain that cannot be shuts no door', async () => {
  const { sessions } = setUp()
  await expect(sessions.drain({ windowMs: 2000, deadlineMs: 1000 })).rejects.toMatchObject({ option: 'windowMs' })
  expect(sessions.isDraining()).toBe(false)
})

describe('a log', () => {
  it('that is away for longer than one has patience admits nobody, says so once, and keeps the sessions', async () => {
    const log = createMemorySessionLog()
    let isAway = false
    const flaky = {
      ...log,
      readAfter: async (...asked: Parameters<typeof log.readAfter>) => {
        if (isAway) throw new Error('away')
        return log.readAfter(...asked)
      },
    }
    const { sessions, open, pass, codeOfClosing, events } = setUp({ log: flaky, patienceMs: 2000 })
    const id = open(sessionOf(1))
    await pass(500)
    expect(sessions.refusalOf(recordOf(ticketOf(2)))).toBeNull()
    isAway = true
    await pass(1500)
    expect(sessions.refusalOf(recordOf(ticketOf(2)))).toBeNull()
    await pass(2000)
    await expect(sessions.ready()).rejects.toThrow('away')
    expect(events.filter(({ type }) => type === 'session_log_lost')).toHaveLength(1)
    expect(codeOfClosing(id)).toBeUndefined()
    await log.append({ kind: 'revocation', selector: { kind: 'subject', subject: alice }, at: start })
    isAway = false
    await pass(300)
    expect(codeOfClosing(id)).toBe(4401)
    expect(sessions.refusalOf(recordOf(ticketOf(2), { subject: bob }))).toBeNull()
  })

  it('that holds something that is no entry admits nobody, though what stands in front of it is read', async () => {
    const whole = createMemorySessionLog()
    await whole.append({ kind: 'revocation', selector: { kind: 'subject', subject: bob }, at: start })
    const [first] = (await whole.readAfter(null, 1)) as readonly LoggedEntry[]
    const log: SessionLog = {
      ...whole,
      readAfter: async (position) => {
        if (position === null && first) return [first]
        throw new StoreError('malformed', 'the session log holds an entry that is none')
      },
    }
    const { sessions } = setUp({ log })
    await expect(sessions.ready()).rejects.toMatchObject({ code: 'malformed' })
    await expect(sessions.ready()).rejects.toMatchObject({ code: 'malformed' })
    expect(sessions.refusalOf(sessionOf(1, { subject: bob }))).toBe('ticket_revoked')
  })

  it('that has lost entries ends what there is, where the operator says so', async () => {
    const lost = createMemorySessionLog()
    const found = createMemorySessionLog()
    await lost.append({ kind: 'revocation', selector: { kind: 'subject', subject: bob }, at: start })
    await lost.append({ kind: 'revocation', selector: { kind: 'subject', subject: bob }, at: start })
    let current = lost
    const log = { ...lost, readAfter: (...asked: Parameters<typeof lost.readAfter>) => current.readAfter(...asked) }
    const { open, pass, codeOfClosing, events } = setUp({ log, whenLogIsLost: 'end_sessions' })
    const id = open(sessionOf(1))
    await pass(500)
    current = found
    await pass(500)
    expect(events.filter(({ type }) => type === 'session_log_lost')).toHaveLength(1)
    expect(codeOfClosing(id)).toBe(1013)
  })

  it('that has lost entries voids the tickets that are out, and not those that come', async () => {
    const { log, lose } = createLosingLog()
    const { sessions, open, pass, codeOfClosing } = setUp({ log })
    const id = open(sessionOf(1))
    await log.append({ kind: 'revocation', selector: { kind: 'subject', subject: bob }, at: start })
    await pass(500)
    expect(sessions.refusalOf(recordOf(ticketOf(2)))).toBeNull()
    lose()
    await pass(500)
    expect(sessions.refusalOf(recordOf(ticketOf(2)))).toBe('ticket_revoked')
    expect(sessions.refusalOf(recordOf(ticketOf(3), { issuedAt: at(start + 1100) }))).toBeNull()
    expect(codeOfClosing(id)).toBeUndefined()
  })
})

describe('room', () => {
  it('is refused to one more, before and after its ticket is spent', () => {
    const { sessions, open, codeOfClosing } = setUp({ sessionsPerSubject: 2 })
    for (const seed of [1, 2]) open(sessionOf(seed))
    expect(sessions.refusalOf(recordOf(ticketOf(3)))).toBe('too_many_sessions')
    expect(sessions.refusalOf(recordOf(ticketOf(3), { subject: bob }))).toBeNull()
    const late = open(sessionOf(3))
    return vi.waitFor(() => expect(codeOfClosing(late)).toBe(4429))
  })

  it('is made by the oldest of the subject where the operator says so', async () => {
    const { sessions, open, pass, codeOfClosing } = setUp({ sessionsPerSubject: 2, overflow: 'end_oldest' })
    const another = open(sessionOf(4, { subject: bob }))
    const [first, second] = [1, 2].map((seed) => open(sessionOf(seed)))
    const third = open(sessionOf(3))
    await pass(50)
    expect(codeOfClosing(first as Session['id'])).toBe(4429)
    expect(sessions.list().map(({ id }) => id)).toEqual([another, second, third])
  })

  it.each(['refuse_new', 'end_oldest'] as const)('is made by nobody for somebody else, with %s', (overflow) => {
    const { sessions, open } = setUp({ sessionsInAll: 2, overflow })
    for (const seed of [1, 2]) open(sessionOf(seed, { subject: bob }))
    expect(sessions.refusalOf(recordOf(ticketOf(3)))).toBe('too_many_sessions')
  })
})

describe('draining', () => {
  it('lets nobody in, closes with 1012 over a window, and resolves when all are gone', async () => {
    const { sessions, open, pass, codeOfClosing } = setUp()
    const ids = Array.from({ length: 100 }, (_, seed) => open(sessionOf(seed)))
    let isDone = false
    const drained = sessions.drain({ windowMs: 1000, deadlineMs: 5000 }).then(() => {
      isDone = true
    })
    expect(sessions.refusalOf(recordOf(ticketOf(200)))).toBe('draining')
    await pass(500)
    const closed = ids.filter((id) => codeOfClosing(id) === 1012).length
    expect(closed).toBeGreaterThanOrEqual(40)
    expect(closed).toBeLessThanOrEqual(60)
    await pass(600)
    expect(isDone).toBe(true)
    await drained
  })

  it('cuts what does not answer at its deadline', async () => {
    const { sessions, open, pass, codeOfClosing } = setUp({}, { answers: false })
    const id = open(sessionOf(1))
    const drained = sessions.drain({ windowMs: 0, deadlineMs: 1000 })
    await pass(500)
    expect(codeOfClosing(id)).toBe(1012)
    await pass(1000)
    await drained
    expect(codeOfClosing(id)).toBe('destroyed')
    expect(sessions.count()).toBe(0)
  })

  it('refuses handshakes before their tickets are spent', async () => {
    const sessions = createSessions()
    const { admission, redeemed } = setUpVerifier({ sessions })
    await sessions.drain()
    expect(await codeOf(admission, offering(ticketOf(1)))).toBe('draining')
    expect(redeemed).toEqual([])
  })
})

describe('an admission that is given no registry', () => {
  it('has one of its own, with its clock, and its audit hears of what ends', async () => {
    const { admission, store, clock, events } = setUpVerifier()
    await store.insert(recordOf(ticketOf(1), { sessionExpiresAt: at(start + 2000) }))
    const decision = await admission.admit(offering(ticketOf(1)))
    if (decision.kind !== 'admitted') throw new TypeError('it should be admitted')
    const closings: Closing[] = []
    const closed = decision.attach({ close: (closing) => void closings.push(closing), destroy() {} })
    await vi.advanceTimersByTimeAsync(3000)
    expect(closings).toEqual([])
    clock.advance(2000)
    await vi.advanceTimersByTimeAsync(1000)
    expect(closings).toMatchObject([{ closeCode: 4205 }])
    closed()
    expect(events.map(({ type }) => type)).toEqual(['admitted', 'session_ended'])
  })
})

describe('options', () => {
  const noNumber = 'must be a whole number, 1 or more, or unlimited'
  const noDuration = 'must be a whole number of milliseconds, 1 or more'
  const noPoll = 'pollMs must be a whole number of milliseconds from 1 to 1500'

  it.each([
    [{ log: {} }, 'log must be a SessionLog'],
    [{ maximumAgeMs: 0 }, `maximumAgeMs ${noDuration}`],
    [{ graceMs: -1 }, `graceMs ${noDuration}`],
    [{ sessionsPerSubject: 0 }, `sessionsPerSubject ${noNumber}`],
    [{ sessionsInAll: 1.5 }, `sessionsInAll ${noNumber}`],
    [{ overflow: 'no' }, 'overflow must be one of refuse_new, end_oldest'],
    [{ pollMs: 0 }, noPoll],
    [{ pollMs: 1501 }, noPoll],
    [{ patienceMs: 0 }, 'patienceMs must be a whole number of milliseconds from 1 to 2147483647'],
    [{ whenLogIsLost: 'no' }, 'whenLogIsLost must be one of keep_sessions, end_sessions'],
    [{ onEnd: {} }, 'onEnd must be a function'],
    [{ onEvent: {} }, 'onEvent must be a function'],
  ])('%j are told what they must be', (options, message) => {
    expect(() => createSessions(options as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', message, option: Object.keys(options)[0] }),
    )
  })
})
