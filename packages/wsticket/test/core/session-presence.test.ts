import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import type { Session } from '../../src/session.ts'
import { createMemorySessionDirectory } from '../../src/session-directories/memory.ts'
import type { NodeNews, SessionDirectory } from '../../src/session-directory.ts'
import { createMemorySessionLog } from '../../src/session-logs/memory.ts'
import type { SessionsOptions } from '../../src/sessions.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import { idOfTicket } from '../../src/ticket.ts'
import { at, recordOf, start, ticketOf } from './fixtures.ts'
import { alice, bob, sessionOf, setUp } from './registry.ts'
import { codeOf, offering, setUpVerifier } from './verifier.ts'

beforeEach(() => {
  vi.useRealTimers()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Two nodes on one directory and one log; what the directory throws, where it is told to throw. */
function setUpNodes(options: SessionsOptions = {}) {
  const clock = createMovableClock(start)
  const memory = createMemorySessionDirectory()
  const faults: { now: StoreError | null } = { now: null }
  const failing =
    <Asked extends readonly unknown[], Answer>(ask: (...asked: Asked) => Promise<Answer>) =>
    async (...asked: Asked) => {
      if (faults.now !== null) throw faults.now
      return ask(...asked)
    }
  const directory: SessionDirectory = {
    ...memory,
    tell: failing(memory.tell),
    list: failing(memory.list),
    count: failing(memory.count),
  }
  const log = createMemorySessionLog({ clock: clock.now })
  const node = (nodeName: string) => setUp({ log, directory, nodeName, ...options }, { answers: true }, clock)
  const one = node('one')
  const other = node('other')
  const idsOf = async (...query: Parameters<typeof one.sessions.listEverywhere>) =>
    (await one.sessions.listEverywhere(...query)).map(({ id }) => id)
  return { one, other, clock, directory, memory, faults, idsOf }
}

type Nodes = ReturnType<typeof setUpNodes>

/** As admission does: room is looked for, which may take some attempts, and then the WebSocket is there. */
async function come(node: Nodes['one'], session: Session): Promise<string | null> {
  const refusal = await meanwhile(node, Promise.resolve(node.sessions.enter(session)))
  if (refusal === null) node.open(session)
  return refusal
}

/** What comes of something that takes its time. */
async function meanwhile<Result>(node: Nodes['one'], work: Promise<Result>): Promise<Result> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  work.then(done, done)
  for (let waited = 0; !isDone && waited < 100; waited += 1) await node.pass(50)
  return work
}

const unlimited = { sessionsPerSubject: 'unlimited', sessionsInAll: 'unlimited' } as const

describe('who is on', () => {
  it('is told to every node within a second, with the node, the subject, the audience, the address and the times', async () => {
    const { one, other, idsOf } = setUpNodes(unlimited)
    const session = sessionOf(1, { clientAddress: '192.0.2.7' })
    expect(one.sessions.enter(session)).toBeNull()
    const id = one.open(session)
    await one.pass(300)
    expect(await other.sessions.listEverywhere()).toEqual([
      {
        id,
        node: expect.stringMatching(/^one-[\w-]{12}$/),
        subject: alice,
        audience: 'chat',
        clientAddress: '192.0.2.7',
        since: start,
        until: at(start + 60_000),
      },
    ])
    const renewed = other.sessions.renew({ id, subject: alice, expiresAt: at(start + 90_000) })
    await one.pass(900)
    expect(await renewed).toEqual({ endsAt: at(start + 90_000) })
    expect(await other.sessions.listEverywhere()).toMatchObject([{ id, until: at(start + 90_000) }])
    await other.sessions.revoke({ kind: 'session', id, subject: null })
    await one.pass(600)
    expect(one.codeOfClosing(id)).toBe(4401)
    expect(await idsOf()).toEqual([])
  })

  it('comes in pages, and of one subject', async () => {
    const { one, other, idsOf } = setUpNodes(unlimited)
    const ids = [1, 2, 3, 4, 5].map((seed) => (seed % 2 ? one : other).open(sessionOf(seed)))
    const bobs = one.open(sessionOf(6, { subject: bob }))
    await one.pass(300)
    const sorted = [...ids, bobs].sort()
    expect(await idsOf()).toEqual(sorted)
    expect(await idsOf({ most: 4 })).toEqual(sorted.slice(0, 4))
    expect(await idsOf({ most: 4, after: sorted[3] as Session['id'] })).toEqual(sorted.slice(4))
    expect(await idsOf({ subject: bob })).toEqual([bobs])
  })

  it('is nobody any more of a node that has died, half a minute later', async () => {
    const { one, other, idsOf } = setUpNodes(unlimited)
    one.open(sessionOf(1, { expiresAt: null }))
    const others = other.open(sessionOf(2, { expiresAt: null }))
    await one.pass(300)
    one.sessions.close()
    await other.pass(29_000)
    expect(await idsOf()).toHaveLength(2)
    await other.pass(1500)
    expect(await idsOf()).toEqual([others])
  })

  it('is told again to a directory that has forgotten it, within ten seconds', async () => {
    const { one, memory, idsOf } = setUpNodes(unlimited)
    const sessions = [1, 2, 3].map((seed) => sessionOf(seed, { expiresAt: null }))
    const ids = sessions.map(one.open)
    await one.pass(300)
    // As an engine that has lost everything does.
    const { node } = await nodeOf(one)
    const nothing = { node, before: null, aliveUntil: start, count: 0, present: [], gone: sessions }
    await memory.tell(nothing, at(start + 1))
    expect(await idsOf()).toEqual([])
    await one.pass(11_000)
    expect(await idsOf()).toEqual([...ids].sort())
  })

  it('is told under another name after the directory was away for longer than a node may be silent, and an event says so once', async () => {
    const { one, faults, idsOf } = setUpNodes(unlimited)
    const stays = one.open(sessionOf(1, { expiresAt: null }))
    const goes = one.open(sessionOf(2, { expiresAt: at(start + 20_000) }))
    await one.pass(300)
    const [before] = await one.sessions.listEverywhere()
    faults.now = new StoreError('unavailable', 'it is away')
    await one.pass(40_000)
    await expect(idsOf()).rejects.toMatchObject({ code: 'unavailable' })
    expect(one.codeOfClosing(goes)).toBe(4205)
    expect(one.events.filter(({ type }) => type === 'session_directory_failed')).toEqual([
      {
        type: 'session_directory_failed',
        at: expect.any(Number),
        directory: 'memory',
        fault: 'StoreError unavailable',
      },
    ])
    faults.now = null
    await one.pass(1100)
    const after = await one.sessions.listEverywhere()
    expect(after).toMatchObject([{ id: stays }])
    expect(after[0]?.node).not.toBe(before?.node)
  })

  it('is no longer anybody when a node has drained', async () => {
    const { one, other, idsOf } = setUpNodes(unlimited)
    one.open(sessionOf(1))
    await one.pass(300)
    const left = one.sessions.drain({ windowMs: 0, deadlineMs: 1000 }).then(() => idsOf())
    await one.pass(1000)
    expect(await left).toEqual([])
    expect(other.sessions.isDraining()).toBe(false)
  })

  it.each([
    ['most', { most: 0 }],
    ['most', { most: 1001 }],
    ['most', { most: 1.5 }],
    ['after', { after: 'x' as Session['id'] }],
    ['subject', { subject: 7 as never }],
  ])('is no question with such a %s: %j', async (option, query) => {
    const { one } = setUpNodes(unlimited)
    await expect(one.sessions.listEverywhere(query)).rejects.toMatchObject({ option })
  })

  it('is asked for all where what is asked is undefined', async () => {
    const { one, idsOf } = setUpNodes(unlimited)
    const id = one.open(sessionOf(1))
    await one.pass(300)
    expect(await idsOf({ subject: undefined, after: undefined, most: undefined } as never)).toEqual([id])
  })

  it('is told anew, once, under another name where words were lost', async () => {
    const { one, memory, idsOf } = setUpNodes(unlimited)
    const ids = [1, 2].map((seed) => one.open(sessionOf(seed, { expiresAt: null })))
    await one.pass(300)
    const { node } = await nodeOf(one)
    // As after a failover: an older word is the last that there is, and half of what was told.
    const gone = [sessionOf(1)]
    await memory.tell(
      { node, before: null, aliveUntil: at(start + 20_000), count: 1, present: [], gone },
      at(start + 300),
    )
    expect(await idsOf()).toHaveLength(1)
    await one.pass(11_000)
    expect(await idsOf()).toEqual([...ids].sort())
    expect((await nodeOf(one)).node).not.toBe(node)
    expect(await memory.count(at(start + 12_000))).toBe(2)
  })

  it('is nobody twice where the directory answers late, again and again', async () => {
    const { one, other, directory, memory, idsOf } = setUpNodes({ sessionsPerSubject: 5, overflow: 'end_oldest' })
    expect(await come(one, sessionOf(1, { expiresAt: null }))).toBeNull()
    const { tell } = directory
    Object.assign(directory, {
      tell: async (...word: Parameters<typeof tell>) => {
        const answer = await tell(...word)
        await new Promise((resolve) => setTimeout(resolve, 60_000))
        return answer
      },
    })
    await one.pass(90_000)
    Object.assign(directory, { tell })
    await one.pass(5000)
    expect(await idsOf()).toEqual([sessionOf(1).id])
    expect(await memory.count(at(start + 96_000))).toBe(1)
    expect(await come(other, sessionOf(2, { admittedAt: at(start + 96_000), expiresAt: null }))).toBeNull()
    expect(one.codeOfClosing(sessionOf(1).id)).toBeUndefined()
  })

  it('is counted once where the clock has gone back', async () => {
    const { one, clock, idsOf, memory } = setUpNodes(unlimited)
    const id = one.open(sessionOf(1, { expiresAt: null }))
    await one.pass(300)
    clock.advance(-3_600_000)
    await one.pass(12_000)
    expect(await idsOf()).toEqual([id])
    expect(await memory.count(clock.now())).toBe(1)
  })

  it('is told in whole milliseconds that a number can have, whatever the clock and the end of a session are', async () => {
    const clock = createMovableClock(start)
    const told: NodeNews[] = []
    const memory = createMemorySessionDirectory()
    const directory = {
      ...memory,
      tell: (news: NodeNews, now: typeof start) => {
        told.push({ ...news, aliveUntil: now })
        return memory.tell(news, now)
      },
    }
    const fractions = () => at(clock.now() + 0.25)
    const options = {
      log: createMemorySessionLog(),
      directory,
      clock: fractions,
      maximumAgeMs: Number.MAX_SAFE_INTEGER,
    }
    const node = setUp(options, { answers: true }, clock)
    node.open(sessionOf(1, { admittedAt: fractions(), expiresAt: null }))
    await node.pass(300)
    const [entry] = await node.sessions.listEverywhere()
    expect([entry?.since, entry?.until].every(Number.isSafeInteger)).toBe(true)
    expect(told.map(({ aliveUntil }) => aliveUntil).every(Number.isSafeInteger)).toBe(true)
  })

  it('is waited for by a drain for a second at the most', async () => {
    const { one, directory } = setUpNodes(unlimited)
    await one.pass(300)
    Object.assign(directory, { tell: () => new Promise(() => {}) })
    one.open(sessionOf(1))
    expect(await meanwhile(one, one.sessions.drain({ windowMs: 0, deadlineMs: 1000 }))).toBeUndefined()
  })

  it('cannot be asked where there is no directory', async () => {
    const { sessions } = setUp()
    await expect(sessions.listEverywhere()).rejects.toMatchObject({ option: 'directory' })
  })
})

/** What a node calls itself. */
async function nodeOf({ sessions }: Nodes['one']): Promise<{ readonly node: string }> {
  const [entry] = await sessions.listEverywhere()
  return { node: String(entry?.node) }
}

describe('the most sessions of a subject, over all nodes', () => {
  it('lets one more in nowhere, and one again when one is over anywhere', async () => {
    const { one, other } = setUpNodes({ sessionsPerSubject: 2 })
    expect(await come(one, sessionOf(1))).toBeNull()
    expect(await come(other, sessionOf(2))).toBeNull()
    expect(await come(one, sessionOf(3))).toBe('too_many_sessions')
    expect(await come(other, sessionOf(4))).toBe('too_many_sessions')
    expect(await come(other, sessionOf(5, { subject: bob }))).toBeNull()
    await one.sessions.revoke({ kind: 'session', id: sessionOf(1).id, subject: null })
    await one.pass(300)
    expect(await come(other, sessionOf(6))).toBeNull()
    expect(await come(one, sessionOf(7))).toBe('too_many_sessions')
  })

  it('is never exceeded by any number who come at once', async () => {
    const { one, other, idsOf } = setUpNodes({ sessionsPerSubject: 3 })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, seed) => come(seed % 2 ? one : other, sessionOf(seed + 1))),
    )
    const admitted = answers.filter((answer) => answer === null).length
    expect(admitted).toBeLessThanOrEqual(3)
    await one.pass(300)
    expect(await idsOf({ subject: alice })).toHaveLength(admitted)
  })

  it('is not exceeded while a node tells everything anew', async () => {
    const { one, other, directory } = setUpNodes({ sessionsPerSubject: 1 })
    expect(await come(one, sessionOf(1, { expiresAt: null }))).toBeNull()
    const { tell } = directory
    const words: string[] = []
    let isLost = true
    Object.assign(directory, {
      async tell(...word: Parameters<typeof tell>) {
        words.push(word[0].node.slice(0, 3))
        const answer = await tell(...word)
        if (word[0].node.startsWith('one') && isLost) {
          isLost = false
          throw new StoreError('unavailable', 'its answer was lost')
        }
        // Somebody comes between any two words.
        if (word[0].node.startsWith('one')) refusals.push(await other.sessions.enter(sessionOf(9)))
        return answer
      },
    })
    const refusals: (string | null)[] = []
    await one.pass(13_000)
    expect(isLost).toBe(false)
    expect(refusals.length).toBeGreaterThan(1)
    expect(new Set(refusals)).toEqual(new Set(['too_many_sessions']))
  })

  it('leaves no place free for long where several come for it at once', async () => {
    const { one, other, clock } = setUpNodes({ sessionsPerSubject: 2 })
    expect(await come(one, sessionOf(1, { expiresAt: null }))).toBeNull()
    let tries = 0
    for (let admitted = 0; admitted === 0; tries += 1) {
      await one.pass(3000)
      const now = { admittedAt: clock.now(), expiresAt: null }
      const answers = await Promise.all([one, other].map((node, n) => come(node, sessionOf(10 + 2 * tries + n, now))))
      admitted = answers.filter((answer) => answer === null).length
      expect(admitted).toBeLessThanOrEqual(1)
    }
    expect(tries).toBeLessThan(5)
  })

  it('ends one of two who come at once, and not both and not neither, where the oldest has to yield', async () => {
    const { one, other, idsOf } = setUpNodes({ sessionsPerSubject: 1, overflow: 'end_oldest' })
    const [first, second] = [sessionOf(1), sessionOf(2, { admittedAt: at(start + 1) })]
    const [a, b] = await Promise.all([one.sessions.enter(first), other.sessions.enter(second)])
    expect([a, b]).toEqual(['too_many_sessions', null])
    other.open(second)
    await one.pass(600)
    expect(await idsOf()).toEqual([second.id])
    expect(other.codeOfClosing(second.id)).toBeUndefined()
  })

  it('ends with 4429 at once who has to yield before its WebSocket is there', async () => {
    const { one, other, idsOf } = setUpNodes({ sessionsPerSubject: 1, overflow: 'end_oldest' })
    const [first, second] = [sessionOf(1), sessionOf(2, { admittedAt: at(start + 1) })]
    expect(await one.sessions.enter(first)).toBeNull()
    expect(await come(other, second)).toBeNull()
    await one.pass(600)
    one.open(first)
    await one.pass(600)
    expect(one.codeOfClosing(first.id)).toBe(4429)
    expect(await idsOf()).toEqual([second.id])
  })

  it('ends nobody for one who is not waited for any more, and counts it no more', async () => {
    const { one, other, idsOf } = setUpNodes({ sessionsPerSubject: 1, overflow: 'end_oldest' })
    expect(await come(one, sessionOf(1))).toBeNull()
    const late = sessionOf(2, { admittedAt: at(start + 1) })
    let asked = 0
    // Given up while the directory is asked.
    const isAwaited = () => asked++ === 0
    expect(await other.sessions.enter(late, isAwaited)).toBe('too_many_sessions')
    await one.pass(600)
    expect(one.codeOfClosing(sessionOf(1).id)).toBeUndefined()
    expect(await idsOf()).toEqual([sessionOf(1).id])
  })

  it('counts no more who is abandoned, and who was attached is not', async () => {
    const { one, other, idsOf } = setUpNodes({ sessionsPerSubject: 1 })
    const [first, second] = [sessionOf(1), sessionOf(2)]
    expect(await come(one, first)).toBeNull()
    one.sessions.abandon(first)
    await one.pass(300)
    expect(await idsOf()).toEqual([first.id])
    await one.sessions.revoke({ kind: 'session', id: first.id, subject: null })
    await one.pass(300)
    expect(await other.sessions.enter(second)).toBeNull()
    other.sessions.abandon(second)
    await other.pass(300)
    expect(await come(one, sessionOf(3))).toBeNull()
  })

  it('ends the oldest with 4429, wherever it is, where the oldest has to yield', async () => {
    const { one, other, idsOf } = setUpNodes({ sessionsPerSubject: 2, overflow: 'end_oldest' })
    const ids = [1, 2, 3, 4].map((seed) => sessionOf(seed, { admittedAt: at(start + seed) }))
    for (const [n, session] of ids.entries()) {
      expect(await come(n < 2 ? one : other, session)).toBeNull()
      await one.pass(600)
    }
    const closings = ids.map(({ id }, n) => (n < 2 ? one : other).codeOfClosing(id))
    expect(closings).toEqual([4429, 4429, undefined, undefined])
    expect(await idsOf()).toEqual([ids[2]?.id, ids[3]?.id].sort())
  })

  it('counts nobody who found room and never came, half a minute later', async () => {
    const { one, other } = setUpNodes({ sessionsPerSubject: 1 })
    expect(await one.sessions.enter(sessionOf(1))).toBeNull()
    expect(await come(other, sessionOf(2))).toBe('too_many_sessions')
    await one.pass(31_000)
    expect(await come(other, sessionOf(3))).toBeNull()
  })

  it('admits nobody while the directory cannot tell', async () => {
    const { one, other, faults } = setUpNodes({ sessionsPerSubject: 1 })
    faults.now = new StoreError('unavailable', 'it is away')
    await expect(one.sessions.enter(sessionOf(1))).rejects.toMatchObject({ code: 'unavailable' })
    faults.now = null
    await one.pass(300)
    expect(await come(other, sessionOf(2))).toBeNull()
  })
})

describe('the most sessions, over all nodes', () => {
  it('lets nobody in who would be one more, whoever yields otherwise', async () => {
    const { one, other } = setUpNodes({ sessionsInAll: 2, overflow: 'end_oldest' })
    expect(await come(one, sessionOf(1))).toBeNull()
    expect(await come(other, sessionOf(2, { subject: bob }))).toBeNull()
    expect(await come(one, sessionOf(3))).toBe('too_many_sessions')
  })
})

describe('admission with a directory', () => {
  it('refuses the ticket of one session too many before the 101, and every one while it is not known', async () => {
    const { one, other, faults } = setUpNodes({ sessionsPerSubject: 1 })
    expect(await come(other, sessionOf(1))).toBeNull()
    const { admission, store, redeemed } = setUpVerifier({ sessions: one.sessions })
    for (const [seed, subject] of [
      [2, alice],
      [3, bob],
      [4, bob],
    ] as const)
      await store.insert({ ...recordOf(ticketOf(seed)), subject })
    const admit = (seed: number) => meanwhile(one, codeOf(admission, offering(ticketOf(seed))))
    expect(await admit(2)).toBe('too_many_sessions')
    faults.now = new StoreError('unavailable', 'it is away')
    expect(await admit(3)).toBe('store_unavailable')
    faults.now = null
    expect(await admit(4)).toBe('admitted')
    expect(redeemed).toHaveLength(3)
  })

  it('gives the room back of a decision that is abandoned', async () => {
    const { one, idsOf } = setUpNodes({ sessionsPerSubject: 1 })
    const { admission, store } = setUpVerifier({ sessions: one.sessions })
    await store.insert(recordOf(ticketOf(2)))
    const decision = await meanwhile(one, admission.admit(offering(ticketOf(2))))
    expect(await idsOf()).toEqual([idOfTicket(ticketOf(2))])
    if (decision.kind === 'admitted') decision.abandon?.()
    await one.pass(300)
    expect(await idsOf()).toEqual([])
  })

  it('keeps no room for whom it lets in when nobody waits for it any more', async () => {
    const { one, idsOf } = setUpNodes({ sessionsPerSubject: 1 })
    let allow: (allowed: boolean) => void = () => {}
    const permit = () => new Promise<boolean>((resolve) => (allow = resolve))
    const { admission, store } = setUpVerifier({ sessions: one.sessions, permit, deadlineMs: 100 })
    await store.insert(recordOf(ticketOf(2)))
    expect(await meanwhile(one, codeOf(admission, offering(ticketOf(2))))).toBe('store_unavailable')
    allow(true)
    await one.pass(300)
    expect(await idsOf()).toEqual([])
  })
})

describe('options', () => {
  it.each([
    ['a directory without a log', { directory: createMemorySessionDirectory() }, 'directory'],
    ['a directory that is none', { directory: {} as SessionDirectory, log: createMemorySessionLog() }, 'directory'],
    ['a name with a dot', { nodeName: 'a.b' }, 'nodeName'],
    ['a name that is too long', { nodeName: 'a'.repeat(49) }, 'nodeName'],
  ])('refuses %s', (_, options, option) => {
    expect(() => setUp(options)).toThrow(expect.objectContaining({ option }))
  })
})
