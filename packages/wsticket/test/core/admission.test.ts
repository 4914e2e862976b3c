import { describe, expect, it } from 'vitest'
import { createAdmission } from '../../src/admission.ts'
import type { Opening } from '../../src/handshake.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { createMovableClock } from '../../src/testing/movable-clock.ts'
import { idOfTicket } from '../../src/ticket.ts'
import { expectSame, headerLines, opening, pageOrigin, recordOf, start, ticketOf } from './fixtures.ts'
import { authorizing, codeOf, offering, setUpVerifier, stateOf } from './verifier.ts'

const ticket = ticketOf(1)

describe('admission', () => {
  it('admits a handshake with a good ticket, and says whose session it is', async () => {
    const { admission, store } = setUpVerifier()
    const claims = { role: 'editor' }
    await store.insert(recordOf(ticket, { claims }))
    const decision = await admission.admit(offering(ticket, { target: '/ws?room=1' }))
    if (decision.kind !== 'admitted') throw new TypeError('the handshake should be admitted')
    expect(decision.session).toEqual({
      id: idOfTicket(ticket),
      subject: 'https://issuer.example#alice',
      audience: 'chat',
      claims,
      clientAddress: '192.0.2.7',
      origin: pageOrigin,
      issuedAt: start,
      admittedAt: start,
      expiresAt: start + 3_600_000,
    })
    expectSame(decision.passage, { target: '/ws?room=1', rawHeaders: headerLines({ Origin: pageOrigin }) })
    expect(decision.fallbackProtocol).toBe('wsticket.v1')
  })

  it('has a fallback protocol only where the client offered it', async () => {
    const { admission, store } = setUpVerifier()
    await store.insert(recordOf(ticket))
    await store.insert(recordOf(ticketOf(2)))
    expect(await admission.admit(authorizing(ticket))).toMatchObject({ kind: 'admitted', fallbackProtocol: null })
    const alone = opening({ headers: { 'Sec-WebSocket-Protocol': ticketOf(2) } })
    expect(await admission.admit(alone)).toMatchObject({ kind: 'admitted', fallbackProtocol: null })
  })

  it('admits the same ticket once, however often and however it is presented', async () => {
    const { admission, store } = setUpVerifier({
      nonBrowserClients: 'any_carrier',
      carriers: ['subprotocol', 'query', 'authorization'],
    })
    await store.insert(recordOf(ticket))
    const openings = [offering(ticket), authorizing(ticket), opening({ target: `/ws?ticket=${ticket}` })]
    const codes = await Promise.all(
      Array.from({ length: 60 }, (_, at) => codeOf(admission, openings[at % 3] as Opening)),
    )
    expect(codes.filter((code) => code === 'admitted')).toHaveLength(1)
    expect(codes.filter((code) => code === 'ticket_spent')).toHaveLength(59)
  })

  it.each([
    ['unknown', async () => {}, 'ticket_unknown'],
    [
      'expired',
      async ({ store, clock }) => {
        await store.insert(recordOf(ticket))
        clock.advance(30_000)
      },
      'ticket_expired',
    ],
    [
      'spent',
      async ({ store, clock }) => {
        await store.insert(recordOf(ticket))
        await store.redeem(idOfTicket(ticket), clock.now())
      },
      'ticket_spent',
    ],
    [
      'revoked',
      async ({ store, clock }) => {
        await store.insert(recordOf(ticket))
        await store.revoke(idOfTicket(ticket), clock.now())
      },
      'ticket_revoked',
    ],
  ] as readonly [string, (world: ReturnType<typeof setUpVerifier>) => Promise<void>, string][])(
    'refuses a ticket that is %s',
    async (_, prepare, code) => {
      const world = setUpVerifier()
      await prepare(world)
      expect(await codeOf(world.admission, offering(ticket))).toBe(code)
    },
  )

  it('admits one millisecond before the expiry', async () => {
    const { admission, store, clock } = setUpVerifier()
    await store.insert(recordOf(ticket))
    clock.advance(29_999)
    expect(await codeOf(admission, offering(ticket))).toBe('admitted')
  })
})

describe('before the store is asked, admission', () => {
  it.each([
    ['a malformed handshake', offering(ticket, { method: 'POST' }), 'handshake_malformed'],
    ['a body', offering(ticket, { headers: { 'Content-Length': '5' } }), 'handshake_malformed'],
    ['two slashes', offering(ticket, { target: '//evil.example' }), 'handshake_malformed'],
    ['a foreign origin', offering(ticket, { headers: { Origin: 'https://evil.example' } }), 'origin_forbidden'],
    ['the origin null', offering(ticket, { headers: { Origin: 'null' } }), 'origin_forbidden'],
    ['no origin', offering(ticket, { headers: { Origin: null } }), 'origin_forbidden'],
    ['no ticket', opening(), 'ticket_missing'],
    ['the marker only', opening({ headers: { 'Sec-WebSocket-Protocol': 'wsticket.v1' } }), 'ticket_missing'],
    ['what only begins like a ticket', offering('wst_short'), 'ticket_malformed'],
    ['the prefix only', offering('wst_'), 'ticket_malformed'],
    ['an empty Authorization: Ticket', authorizing(''), 'ticket_malformed'],
    ['a ticket with something after it', authorizing(`${ticket} ${ticket}`), 'ticket_malformed'],
    ['two tickets in one carrier', offering(`${ticket}, ${ticketOf(2)}`), 'handshake_malformed'],
    [
      'two tickets in two carriers',
      offering(ticket, { headers: { Authorization: `Ticket ${ticketOf(2)}` } }),
      'handshake_malformed',
    ],
    [
      'one ticket in two carriers',
      offering(ticket, { headers: { Authorization: `Ticket ${ticket}` } }),
      'handshake_malformed',
    ],
    ['a ticket and half a one', offering(`${ticket}, wst_short`), 'handshake_malformed'],
    [
      'a ticket and an empty Authorization: Ticket',
      offering(ticket, { headers: { Authorization: 'Ticket' } }),
      'handshake_malformed',
    ],
    ['a ticket in a carrier that is off', opening({ target: `/ws?ticket=${ticket}` }), 'ticket_missing'],
    [
      'a ticket beside one in a carrier that is off',
      offering(ticket, { target: `/ws?ticket=${ticketOf(2)}` }),
      'handshake_malformed',
    ],
  ] as readonly [string, Opening, string][])('refuses %s, and spends nothing', async (_, attempt, code) => {
    const world = setUpVerifier()
    await world.store.insert(recordOf(ticket))
    await world.store.insert(recordOf(ticketOf(2)))
    expect(await codeOf(world.admission, attempt)).toBe(code)
    expect(world.redeemed).toEqual([])
    expect(await stateOf(world, ticket)).toBe('pending')
  })

  it('says that the handshake is malformed before it looks at the origin, and at that before it looks for a ticket', async () => {
    const { admission } = setUpVerifier()
    const foreign = { headers: { Origin: 'https://evil.example' } }
    expect(await codeOf(admission, opening({ ...foreign, method: 'POST' }))).toBe('handshake_malformed')
    expect(await codeOf(admission, opening(foreign))).toBe('origin_forbidden')
    expect(await codeOf(admission, offering('wst_short', foreign))).toBe('origin_forbidden')
    expect(await codeOf(admission, offering(`${ticket}, ${ticketOf(2)}`, foreign))).toBe('origin_forbidden')
  })

  it("leaves alone what is in a carrier that is off and is the application's own", async () => {
    const { admission, store } = setUpVerifier()
    await store.insert(recordOf(ticket))
    const decision = await admission.admit(offering(ticket, { target: '/ws?ticket=to-the-opera' }))
    expect(decision.kind).toBe('admitted')
    if (decision.kind === 'admitted') expect(decision.passage.target).toBe('/ws?ticket=to-the-opera')
  })

  it('takes a client without origin in any carrier where the operator says so', async () => {
    const { admission, store } = setUpVerifier({ nonBrowserClients: 'any_carrier' })
    await store.insert(recordOf(ticket))
    expect(await codeOf(admission, offering(ticket, { headers: { Origin: null } }))).toBe('admitted')
  })

  it('takes the query carrier where it is on, and gives the application a target without the ticket', async () => {
    const { admission, store } = setUpVerifier({ carriers: ['query'] })
    await store.insert(recordOf(ticket))
    const decision = await admission.admit(opening({ target: `/ws?a=1&ticket=${ticket}&b=2` }))
    expect(decision.kind).toBe('admitted')
    if (decision.kind === 'admitted') expectSame(decision.passage.target, '/ws?a=1&b=2')
  })
})

describe('after the store was asked, the ticket is spent, also where admission', () => {
  it('finds it issued for another audience', async () => {
    const world = setUpVerifier({ audience: 'admin' })
    await world.store.insert(recordOf(ticket))
    expect(await codeOf(world.admission, offering(ticket))).toBe('audience_mismatch')
    expect(await stateOf(world, ticket)).toBe('redeemed')
    expect(await codeOf(world.admission, offering(ticket))).toBe('ticket_spent')
  })

  it('finds it presented from elsewhere, and then from the right place', async () => {
    const world = setUpVerifier()
    await world.store.insert(recordOf(ticket))
    expect(await codeOf(world.admission, offering(ticket, { peerAddress: '198.51.100.9' }))).toBe('address_mismatch')
    expect(await codeOf(world.admission, offering(ticket))).toBe('ticket_spent')
  })

  it('looks at the audience before the address, and at both before it asks for permission', async () => {
    const asked: string[] = []
    const permit = () => {
      asked.push('permit')
      return true
    }
    const world = setUpVerifier({ audience: 'admin', permit })
    await world.store.insert(recordOf(ticket))
    expect(await codeOf(world.admission, offering(ticket, { peerAddress: '198.51.100.9' }))).toBe('audience_mismatch')
    const elsewhere = setUpVerifier({ permit })
    await elsewhere.store.insert(recordOf(ticket))
    expect(await codeOf(elsewhere.admission, offering(ticket, { peerAddress: null }))).toBe('address_mismatch')
    expect(asked).toEqual([])
  })

  it('is denied permission', async () => {
    const world = setUpVerifier({ permit: () => false })
    await world.store.insert(recordOf(ticket))
    expect(await codeOf(world.admission, offering(ticket))).toBe('permission_denied')
    expect(await stateOf(world, ticket)).toBe('redeemed')
  })

  it('takes so long that the ticket has expired in between', async () => {
    const clock = createMovableClock(start)
    const store = createMemoryStore({ clock: clock.now })
    const slow: typeof store = {
      ...store,
      redeem: async (id, now) => {
        const outcome = await store.redeem(id, now)
        clock.advance(30_000)
        return outcome
      },
    }
    await store.insert(recordOf(ticket))
    const admission = createAdmission({ store: slow, audience: 'chat', origins: [pageOrigin], clock: clock.now })
    expect(await codeOf(admission, offering(ticket))).toBe('ticket_expired')
    expect((await store.read(idOfTicket(ticket), start)).kind).toBe('redeemed')
  })
})

describe('the subprotocol of ours', () => {
  it('is not passed on, whichever carrier has the ticket', async () => {
    const { admission, store } = setUpVerifier()
    await store.insert(recordOf(ticketOf(7)))
    const headers = { Authorization: `Ticket ${ticketOf(7)}`, 'Sec-WebSocket-Protocol': 'chat.v2, wsticket.v1' }
    const decision = await admission.admit(opening({ headers }))
    expect(decision).toMatchObject({ kind: 'admitted', fallbackProtocol: 'wsticket.v1' })
    const { rawHeaders } = decision.kind === 'admitted' ? decision.passage : { rawHeaders: [] }
    expect(rawHeaders.filter((line) => line.includes('v2') || line.includes('v1'))).toEqual(['chat.v2'])
  })
})
