import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Identity } from '../../src/credential.ts'
import { StoreError } from '../../src/errors.ts'
import { createIssuer, type Grant, type IssuedTicket, type Issuer, type IssuerOptions } from '../../src/issuer.ts'
import { type Lock, lockOfKey } from '../../src/lock.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { idOfTicket, type TicketRecord } from '../../src/ticket.ts'
import { at, createAudit, keyOf, pageOrigin, start, ticketOf } from './fixtures.ts'

const alice: Identity = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: { admin: true } }
const context = { clientAddress: '192.0.2.7', origin: pageOrigin }

/** An issuer whose store also tells what was inserted. */
function setUp(options: Partial<IssuerOptions> = {}) {
  const audit = createAudit()
  const inserted: TicketRecord[] = []
  const store = createMemoryStore({ clock: () => start })
  const listening = {
    ...store,
    insert: async (record: TicketRecord) => {
      inserted.push(record)
      await store.insert(record)
    },
  }
  const issuer = createIssuer({
    store: listening,
    audiences: ['chat', 'feed'],
    clock: () => start,
    onEvent: audit.onEvent,
    ...options,
  })
  return { issuer, inserted, store, events: audit.events }
}

async function issue(
  options: Partial<IssuerOptions> = {},
  identity: Partial<Identity> = {},
  grant: Partial<Grant> = {},
): Promise<IssuedTicket> {
  const issued = await setUp(options).issuer.issue({ ...alice, ...identity }, { audience: 'chat', ...grant }, context)
  return requireTicket(issued)
}

function requireTicket(issued: Awaited<ReturnType<Issuer['issue']>>): IssuedTicket {
  if (typeof issued === 'string') throw new TypeError(`no ticket: ${issued}`)
  if ('code' in issued) throw new TypeError(`no ticket: ${issued.code}`)
  return issued
}

describe('the issuer', () => {
  it('locks a ticket with the lock that was asked for', async () => {
    const { issuer, inserted } = setUp({ lockPolicy: 'required' })
    const lock = lockOfKey(keyOf(1))
    expect(typeof (await issuer.issue(alice, { audience: 'chat' }, { ...context, lock }))).toBe('object')
    expect(inserted).toMatchObject([{ lock }])
  })

  it('issues nothing without a lock where one is required', async () => {
    const { issuer, inserted, events } = setUp({ lockPolicy: 'required' })
    expect(await issuer.issue(alice, { audience: 'chat' }, context)).toBe('lock_missing')
    expect(await issuer.issue(alice, { audience: 'chat' }, { ...context, lock: null })).toBe('lock_missing')
    expect([inserted, events]).toEqual([[], []])
  })

  it.each([
    ['a key', keyOf(1)],
    ['a text', 'secret'],
    ['nothing at all', ''],
  ])('takes %s for no lock, and does not quote it', async (_, lock) => {
    const { issuer } = setUp()
    const issued = issuer.issue(alice, { audience: 'chat' }, { ...context, lock: lock as Lock })
    await expect(issued).rejects.toThrow(/^context\.lock must be the SHA-256 of a key in base64url, or null$/)
  })

  it('stores everything about a ticket but the ticket, and returns it', async () => {
    const { issuer, inserted } = setUp()
    const expiresAt = at(start + 900_000)
    const grant = { audience: 'feed', claims: { role: 'editor' } }
    const issued = requireTicket(await issuer.issue({ ...alice, expiresAt }, grant, context))
    expect(inserted.map((record) => ({ ...record, claims: { ...record.claims } }))).toEqual([
      {
        id: idOfTicket(issued.ticket),
        subject: 'https://issuer.example#alice',
        audience: 'feed',
        claims: { role: 'editor' },
        clientAddress: '192.0.2.7',
        origin: pageOrigin,
        lock: null,
        issuedAt: start,
        expiresAt: start + 30_000,
        sessionExpiresAt: expiresAt,
      },
    ])
    const { ticket, ...told } = issued
    expect(told).toEqual({
      id: idOfTicket(ticket),
      issuedAt: start,
      expiresAt: start + 30_000,
      sessionExpiresAt: expiresAt,
    })
    expect(JSON.stringify(inserted).includes(ticket.slice(4))).toBe(false)
  })

  it("gives a ticket no claims of the credential's", async () => {
    const { issuer, inserted } = setUp()
    await issuer.issue(alice, { audience: 'chat' }, context)
    expect(Object.keys(inserted[0]?.claims ?? { missing: true })).toEqual([])
  })

  it('tells the audit of every ticket, by its id', async () => {
    const { issuer, events, inserted } = setUp()
    await issuer.issue(alice, { audience: 'chat' }, { clientAddress: null, origin: null })
    expect(events).toEqual([
      {
        type: 'ticket_issued',
        at: start,
        ticketId: inserted[0]?.id,
        subject: 'https://issuer.example#alice',
        audience: 'chat',
        clientAddress: null,
        origin: null,
        expiresAt: start + 30_000,
      },
    ])
  })

  it('issues no ticket where the record could not be stored, and the audit hears of none', async () => {
    for (const code of ['unavailable', 'capacity', 'conflict', 'closed'] as const) {
      const store = { ...createMemoryStore(), insert: () => Promise.reject(new StoreError(code, 'no')) }
      const { issuer, events } = setUp({ store })
      await expect(issuer.issue(alice, { audience: 'chat' }, context)).rejects.toMatchObject({
        name: 'StoreError',
        code,
      })
      expect(events).toEqual([])
    }
  })

  it('issues no ticket twice, should the random source repeat itself', async () => {
    const { issuer } = setUp({ random: (bytes) => bytes.fill(7) })
    await issuer.issue(alice, { audience: 'chat' }, context)
    const again = issuer.issue(alice, { audience: 'chat' }, context)
    await expect(again).rejects.toMatchObject({ name: 'StoreError', code: 'conflict' })
  })

  it('keeps the ticket out of what it throws', async () => {
    const store = { ...createMemoryStore(), insert: () => Promise.reject(new StoreError('unavailable', 'away')) }
    const { issuer } = setUp({ store, random: (bytes) => bytes })
    const error: unknown = await issuer.issue(alice, { audience: 'chat' }, context).catch((thrown: unknown) => thrown)
    expect(`${(error as Error).stack}${JSON.stringify(error)}`.includes(ticketOf(0))).toBe(false)
  })
})

describe('a ticket lives', () => {
  it('30 seconds, unless told otherwise', async () => {
    expect((await issue()).expiresAt).toBe(start + 30_000)
    expect((await issue({ lifetimeMs: 1000 })).expiresAt).toBe(start + 1000)
    expect((await issue({ lifetimeMs: 1000 }, {}, { lifetimeMs: 60_000 })).expiresAt).toBe(start + 60_000)
  })

  it('never longer than the credential', async () => {
    const fiveSecondsLeft = at(start + 5000)
    const issued = await issue({}, { expiresAt: fiveSecondsLeft }, { lifetimeMs: 60_000 })
    expect(issued).toMatchObject({ expiresAt: fiveSecondsLeft, sessionExpiresAt: fiveSecondsLeft })
  })

  it('never longer than the session that it opens', async () => {
    const issued = await issue({ sessionLifetimeMs: 10_000 })
    expect(issued).toMatchObject({ expiresAt: start + 10_000, sessionExpiresAt: start + 10_000 })
  })

  it.each([0, -1, -100_000])('not at all where the credential ends %d ms from now', async (leftMs) => {
    const { issuer, inserted, events } = setUp()
    const ended = { ...alice, expiresAt: at(start + leftMs) }
    expect(await issuer.issue(ended, { audience: 'chat' }, context)).toBe('credential_expired')
    expect([inserted, events]).toEqual([[], []])
  })

  it('one last millisecond where the credential does', async () => {
    expect((await issue({}, { expiresAt: at(start + 1) })).expiresAt).toBe(start + 1)
  })

  it('whole milliseconds, also where the credential ends within one', async () => {
    const issued = await issue({}, { expiresAt: at(start + 1500.75) })
    expect(issued).toMatchObject({ expiresAt: start + 1500, sessionExpiresAt: start + 1500 })
    const { issuer } = setUp()
    expect(await issuer.issue({ ...alice, expiresAt: at(start + 0.5) }, { audience: 'chat' }, context)).toBe(
      'credential_expired',
    )
  })

  it('never beyond any of the limits, whatever they are', async () => {
    const duration = fc.integer({ min: 1, max: 120_000 })
    const limits = fc.record({
      lifetimeMs: fc.integer({ min: 1, max: 60_000 }),
      grantLifetimeMs: fc.option(fc.integer({ min: 1, max: 60_000 })),
      sessionLifetimeMs: fc.option(duration),
      leftMs: fc.option(duration),
    })
    await fc.assert(
      fc.asyncProperty(limits, async ({ lifetimeMs, grantLifetimeMs, sessionLifetimeMs, leftMs }) => {
        const options = sessionLifetimeMs === null ? { lifetimeMs } : { lifetimeMs, sessionLifetimeMs }
        const grant = grantLifetimeMs === null ? {} : { lifetimeMs: grantLifetimeMs }
        const issued = await issue(options, { expiresAt: leftMs === null ? null : at(start + leftMs) }, grant)
        const sessionMs = Math.min(sessionLifetimeMs ?? Number.POSITIVE_INFINITY, leftMs ?? Number.POSITIVE_INFINITY)
        expect(issued.expiresAt - start).toBe(Math.min(grantLifetimeMs ?? lifetimeMs, sessionMs))
        expect(issued.sessionExpiresAt).toBe(sessionMs === Number.POSITIVE_INFINITY ? null : start + sessionMs)
      }),
    )
  })
})

describe('a session ends', () => {
  it('with the credential', async () => {
    expect((await issue({}, { expiresAt: at(start + 900_000) })).sessionExpiresAt).toBe(start + 900_000)
  })

  it('never, where the credential does not and nobody says so', async () => {
    expect((await issue()).sessionExpiresAt).toBeNull()
  })

  it('after what the issuer or the grant says, if the credential lasts that long', async () => {
    expect((await issue({ sessionLifetimeMs: 90_000 })).sessionExpiresAt).toBe(start + 90_000)
    expect((await issue({ sessionLifetimeMs: 90_000 }, {}, { sessionLifetimeMs: 95_000 })).sessionExpiresAt).toBe(
      start + 95_000,
    )
    const short = await issue({ sessionLifetimeMs: 90_000 }, { expiresAt: at(start + 40_000) })
    expect(short.sessionExpiresAt).toBe(start + 40_000)
  })
})

describe('the issuer refuses', () => {
  it.each([
    ['audiences', { audiences: [] }],
    ['audiences', { audiences: [''] }],
    ['audiences', { audiences: 'chat' }],
    ['audiences', { audiences: ['chat', 7] }],
    ['audiences', { audiences: undefined }],
    ['lifetimeMs', { lifetimeMs: 0 }],
    ['lifetimeMs', { lifetimeMs: -1 }],
    ['lifetimeMs', { lifetimeMs: 0.5 }],
    ['lifetimeMs', { lifetimeMs: Number.NaN }],
    ['lifetimeMs', { lifetimeMs: Number.POSITIVE_INFINITY }],
    ['lifetimeMs', { lifetimeMs: '30s' }],
    ['lifetimeMs', { lifetimeMs: '30000' }],
    ['lifetimeMs', { lifetimeMs: 60_001 }],
    ['lifetimeMs', { maximumLifetimeMs: 10_000 }],
    ['maximumLifetimeMs', { maximumLifetimeMs: 0 }],
    ['maximumLifetimeMs', { maximumLifetimeMs: Number.POSITIVE_INFINITY }],
    ['sessionLifetimeMs', { sessionLifetimeMs: 0 }],
    ['lockPolicy', { lockPolicy: 'off' }],
    ['lockPolicy', { lockPolicy: true }],
    ['onEvent', { onEvent: {} }],
    ['sessionLifetimeMs', { sessionLifetimeMs: Number.NaN }],
  ])('%s that cannot be, at construction', (option, options) => {
    expect(() => setUp(options as never)).toThrow(expect.objectContaining({ name: 'ConfigurationError', option }))
  })

  it.each([
    ['grant.audience', {}, { audience: 'admin' }],
    ['grant.audience', {}, { audience: '' }],
    ['grant.audience', {}, { audience: undefined }],
    ['grant.lifetimeMs', {}, { lifetimeMs: 60_001 }],
    ['grant.lifetimeMs', {}, { lifetimeMs: 0 }],
    ['grant.lifetimeMs', {}, { lifetimeMs: Number.NaN }],
    ['grant.sessionLifetimeMs', {}, { sessionLifetimeMs: 0 }],
    ['claims', {}, { claims: [] }],
    ['claims', {}, { claims: null }],
    ['claims', {}, { claims: { text: 'x'.repeat(5000) } }],
    ['identity.issuer', { issuer: '' }, {}],
    ['identity.issuer', { issuer: 'https://issuer.example#a' }, {}],
    ['identity.subject', { subject: undefined }, {}],
    ['identity.subject', { subject: 'a\nb' }, {}],
    ['identity.expiresAt', { expiresAt: undefined }, {}],
    ['identity.expiresAt', { expiresAt: Number.NaN }, {}],
    ['identity.expiresAt', { expiresAt: Number.POSITIVE_INFINITY }, {}],
    ['identity.expiresAt', { expiresAt: '2030-01-01' }, {}],
  ])('%s that cannot be, and stores nothing', async (option, identity, grant) => {
    const { issuer, inserted } = setUp()
    const issued = issuer.issue({ ...alice, ...identity } as never, { audience: 'chat', ...grant } as never, context)
    await expect(issued).rejects.toMatchObject({ name: 'ConfigurationError', option })
    expect(inserted).toEqual([])
  })
})

describe('the tickets of a subject', () => {
  it('are those that were handed out: one that could not be stored counts no more', async () => {
    const store = createMemoryStore({ clock: () => start })
    let isFull = true
    const insert = async (record: TicketRecord) => {
      if (isFull) throw new StoreError('capacity', 'full')
      await store.insert(record)
    }
    const { issuer } = setUp({ store: { ...store, insert }, ticketsPerSubject: 1 })
    await expect(issuer.issue(alice, { audience: 'chat' }, context)).rejects.toThrow('full')
    isFull = false
    expect(await issuer.issue(alice, { audience: 'chat' }, context)).toHaveProperty('ticket')
    expect(await issuer.issue(alice, { audience: 'chat' }, context)).toMatchObject({ code: 'too_many_tickets' })
  })
})

describe('a store that counts no tickets', () => {
  const { quota: _, ...store } = createMemoryStore({ clock: () => start })

  it('is announced at once: a limit that limits nothing is dangerous', () => {
    const expected = { type: 'dangerous_setting', at: start, setting: 'store: memory' }
    expect(setUp({ store }).events).toEqual([{ ...expected, consequence: expect.stringMatching(/limits nothing/) }])
    expect(setUp({ store, ticketsPerSubject: 3 }).events).toHaveLength(1)
  })

  it('is not where nothing has to be counted', () => {
    expect(setUp({ store, ticketsPerSubject: 'unlimited' }).events).toEqual([])
  })

  it.each([0, 1.5, 1_000_001, Number.NaN])('of a subject there cannot be %d', (ticketsPerSubject) => {
    expect(() => setUp({ ticketsPerSubject })).toThrow(expect.objectContaining({ option: 'ticketsPerSubject' }))
  })
})

describe('a lifetime of more than a minute', () => {
  it('is announced at once, as dangerous', async () => {
    const { issuer, events } = setUp({ maximumLifetimeMs: 120_000, lifetimeMs: 120_000 })
    expect(events).toEqual([
      {
        type: 'dangerous_setting',
        at: start,
        setting: 'maximumLifetimeMs: 120000',
        consequence: expect.any(String) as string,
      },
    ])
    expect(await issuer.issue(alice, { audience: 'chat' }, context)).toMatchObject({ expiresAt: start + 120_000 })
  })

  it('has to be asked for: a minute is not announced', () => {
    expect(setUp({ maximumLifetimeMs: 60_000 }).events).toEqual([])
    expect(setUp().events).toEqual([])
  })
})
