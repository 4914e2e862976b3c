import { describe, expect, it } from 'vitest'
import { createAdmission } from '../../src/admission.ts'
import type { AdmissionOptions } from '../../src/admission-options.ts'
import { StoreError } from '../../src/errors.ts'
import type { AuditEvent } from '../../src/events.ts'
import { refusalAnswer } from '../../src/problem.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { idOfTicket } from '../../src/ticket.ts'
import type { TicketStore } from '../../src/ticket-store.ts'
import { createAudit, opening, pageOrigin, recordOf, start, ticketOf } from './fixtures.ts'

const ticket = ticketOf(1)
const id = idOfTicket(ticket)
const attempt = opening({ headers: { 'Sec-WebSocket-Protocol': `wsticket.v1, ${ticket}` } })

/** What becomes of a good handshake with a good ticket, and what the audit hears of it. */
async function admitWith(options: Partial<AdmissionOptions>, redeem?: () => unknown) {
  const store = createMemoryStore({ clock: () => start })
  await store.insert(recordOf(ticket))
  const faulty = redeem === undefined ? store : ({ ...store, redeem } as TicketStore)
  const audit = createAudit()
  const admission = createAdmission({
    store: faulty,
    audience: 'chat',
    origins: [pageOrigin],
    clock: () => start,
    onEvent: audit.onEvent,
    ...options,
  })
  return { decision: await admission.admit(attempt), events: audit.events, store }
}

function redeemed(members: object) {
  return async () => ({ kind: 'redeemed', record: { ...recordOf(ticket), ...members } })
}

describe('a store that', () => {
  it.each([
    ['rejects', () => Promise.reject(new StoreError('unavailable', 'away')), 'StoreError unavailable'],
    [
      'throws',
      () => {
        throw new StoreError('closed', 'closed')
      },
      'StoreError closed',
    ],
    [
      'throws something else',
      () => {
        throw new RangeError(`of ${ticket}`)
      },
      'RangeError',
    ],
    ['rejects with what is no error', () => Promise.reject(`of ${ticket}`), 'string'],
    ['rejects with nothing', () => Promise.reject(undefined), 'undefined'],
    ['answers nothing', async () => undefined, 'TypeError'],
    ['answers null', async () => null, 'TypeError'],
    ['answers a text', async () => 'redeemed', 'StoreError corrupt'],
    ['answers true', async () => true, 'StoreError corrupt'],
    ['answers an empty object', async () => ({}), 'StoreError corrupt'],
    ['answers without a promise, and nothing of use', () => ({ kind: 'ok' }), 'StoreError corrupt'],
    ['answers with an outcome that there is not', async () => ({ kind: 'admitted' }), 'StoreError corrupt'],
    ['answers with the name of a method', async () => ({ kind: 'toString' }), 'StoreError corrupt'],
    ['answers with __proto__', async () => ({ kind: '__proto__' }), 'StoreError corrupt'],
    ['answers with a list', async () => [{ kind: 'redeemed', record: recordOf(ticket) }], 'StoreError corrupt'],
    ['redeems without a record', async () => ({ kind: 'redeemed' }), 'TypeError'],
    ['redeems with null for a record', async () => ({ kind: 'redeemed', record: null }), 'TypeError'],
    ['redeems an empty record', async () => ({ kind: 'redeemed', record: {} }), 'StoreError corrupt'],
    ["redeems another ticket's record", redeemed({ id: idOfTicket(ticketOf(2)) }), 'StoreError corrupt'],
    ['redeems a record without id', redeemed({ id: undefined }), 'StoreError corrupt'],
    ['redeems a record without expiry', redeemed({ expiresAt: undefined }), 'StoreError corrupt'],
    ['redeems a record whose expiry is a text', redeemed({ expiresAt: `${start + 30_000}` }), 'StoreError corrupt'],
    ['redeems a record that never expires', redeemed({ expiresAt: Number.POSITIVE_INFINITY }), 'StoreError corrupt'],
    ['redeems a record whose expiry is no number', redeemed({ expiresAt: Number.NaN }), 'StoreError corrupt'],
    ['has lost when the session ends', redeemed({ sessionExpiresAt: undefined }), 'StoreError corrupt'],
    ['has lost whether there is a lock', redeemed({ lock: undefined }), 'StoreError corrupt'],
    ['has garbled the lock', redeemed({ lock: true }), 'StoreError corrupt'],
    ['has garbled when the session ends', redeemed({ sessionExpiresAt: Number.NaN }), 'StoreError corrupt'],
  ] as readonly [string, () => unknown, string][])('%s admits nobody', async (_, redeem, fault) => {
    const { decision, events } = await admitWith({}, redeem)
    expect(decision).toEqual({ kind: 'refused', code: 'store_unavailable' })
    expect(refusalAnswer('store_unavailable').status).toBe(503)
    expect(events).toMatchObject([{ type: 'refused', code: 'store_unavailable', ticketId: id, fault }])
    expect(JSON.stringify(events).includes(ticket)).toBe(false)
  })

  it('redeems a record with an address that is none admits nobody: no address fits it', async () => {
    const { decision } = await admitWith({}, redeemed({ clientAddress: 'localhost' }))
    expect(decision).toEqual({ kind: 'refused', code: 'address_mismatch' })
  })

  it('redeems a record for another audience, or an expired one, is believed in that', async () => {
    const other = await admitWith({}, redeemed({ audience: undefined }))
    expect(other.decision).toEqual({ kind: 'refused', code: 'audience_mismatch' })
    const late = await admitWith({}, redeemed({ expiresAt: start }))
    expect(late.decision).toEqual({ kind: 'refused', code: 'ticket_expired' })
  })
})

describe('the permission hook', () => {
  it('is shown the session, and the handshake without the ticket', async () => {
    const seen: unknown[] = []
    const { decision } = await admitWith({
      permit: (session, passage) => {
        seen.push(session, passage)
        return true
      },
    })
    expect(decision.kind).toBe('admitted')
    expect(seen[0]).toMatchObject({ id, audience: 'chat', admittedAt: start })
    expect(JSON.stringify(seen).includes(ticket)).toBe(false)
  })

  it.each([
    ['true', () => true],
    ['a promise of true', async () => true],
  ])('admits with %s', async (_, permit) => {
    expect((await admitWith({ permit })).decision.kind).toBe('admitted')
  })

  it.each([
    ['false', false],
    ['nothing', undefined],
    ['null', null],
    ['yes', 'yes'],
    ['1', 1],
    ['an object', {}],
    ['an array of true', [true]],
    ['new Boolean(true)', new Boolean(true)],
    ['a function', () => true],
  ])('refuses with %s', async (_, answer) => {
    const now = await admitWith({ permit: (() => answer) as never })
    const later = await admitWith({ permit: (async () => answer) as never })
    for (const { decision, events } of [now, later]) {
      expect(decision).toEqual({ kind: 'refused', code: 'permission_denied' })
      expect(events).toMatchObject([{ code: 'permission_denied', fault: null }])
    }
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['rejects with nothing', () => Promise.reject(undefined)],
  ])('refuses where it %s, and the ticket stays spent', async (_, permit) => {
    const { decision, events, store } = await admitWith({ permit: permit as never })
    expect(decision).toEqual({ kind: 'refused', code: 'store_unavailable' })
    expect(events).toMatchObject([{ type: 'refused', subject: 'https://issuer.example#alice' }])
    expect((await store.read(id, start)).kind).toBe('redeemed')
  })
})

describe('the audit', () => {
  it('hears of an admission with everything that is known', async () => {
    const { events } = await admitWith({})
    expect(events).toEqual([
      {
        type: 'admitted',
        at: start,
        ticketId: id,
        subject: 'https://issuer.example#alice',
        audience: 'chat',
        carrier: 'subprotocol',
        clientAddress: '192.0.2.7',
        origin: pageOrigin,
        addressMatches: true,
      },
    ])
  })

  it('hears of a refusal with everything that is known by then', async () => {
    const { admission, events } = listening()
    await admission.admit(opening({ method: 'POST' }))
    await admission.admit(opening({ headers: { Origin: 'https://evil.example' } }))
    await admission.admit(opening({ headers: { 'Sec-WebSocket-Protocol': 'wst_short' } }))
    await admission.admit(attempt)
    const nothing = { type: 'refused', at: start, ticketId: null, subject: null, fault: null }
    const known = { ...nothing, clientAddress: '192.0.2.7', origin: pageOrigin }
    const foreign = { ...known, origin: 'https://evil.example' }
    expect(events).toEqual([
      { ...nothing, code: 'handshake_malformed', carrier: null, clientAddress: null, origin: null },
      { ...foreign, code: 'origin_forbidden', carrier: null },
      { ...known, code: 'ticket_malformed', carrier: 'subprotocol' },
      { ...known, code: 'ticket_unknown', carrier: 'subprotocol', ticketId: id },
    ])
  })

  it('never hears a ticket, however the handshake ends', async () => {
    const { admission, events } = listening()
    const twice = { 'Sec-WebSocket-Protocol': `${ticket}, ${ticketOf(2)}` }
    await admission.admit(attempt)
    await admission.admit(opening({ headers: twice }))
    await admission.admit(opening({ target: `/ws?ticket=${ticket}` }))
    await admission.admit(opening({ headers: { Authorization: `Ticket ${ticket}x` } }))
    await admission.admit(opening({ method: `GET ${ticket}`, headers: twice }))
    expect(events).toHaveLength(5)
    expect(/wst_/.test(JSON.stringify(events))).toBe(false)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['never ends', () => new Promise<void>(() => {})],
  ] as readonly [string, (event: AuditEvent) => void][])('changes no decision where it %s', async (_, onEvent) => {
    const { decision, store } = await admitWith({ onEvent, addressPolicy: 'off' })
    expect(decision.kind).toBe('admitted')
    const again = createAdmission({ store, audience: 'chat', origins: [pageOrigin], clock: () => start, onEvent })
    expect(await again.admit(attempt)).toEqual({ kind: 'refused', code: 'ticket_spent' })
    // A rejection that nobody takes care of would be reported by the runner after the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('admission never rejects', () => {
  it.each([
    ['nothing', undefined],
    ['no header lines', { ...opening(), rawHeaders: undefined }],
    ['header lines that are no texts', { ...opening(), rawHeaders: [1, 2] }],
    ['an address that is no text', { ...attempt, peerAddress: 7 }],
  ])('where an adapter hands over %s', async (_, broken) => {
    const { admission } = listening()
    expect(await admission.admit(broken as never)).toMatchObject({ kind: 'refused' })
  })
})

function listening() {
  const audit = createAudit()
  const store = createMemoryStore({ clock: () => start })
  const options = { store, audience: 'chat', origins: [pageOrigin], clock: () => start, onEvent: audit.onEvent }
  return { admission: createAdmission(options), events: audit.events }
}
