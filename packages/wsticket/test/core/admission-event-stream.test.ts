import { describe, expect, it } from 'vitest'
import type { Opening } from '../../src/handshake.ts'
import { lockOfKey } from '../../src/lock.ts'
import { keyOf, pageOrigin, recordOf, streamRequest, ticketOf } from './fixtures.ts'
import { offering, setUpVerifier } from './verifier.ts'

const ticket = ticketOf(1)
const key = keyOf(1)
const all = { carriers: ['subprotocol', 'authorization', 'query', 'cookie', 'message'] } as const
const sameOrigin = { Origin: null, 'Sec-Fetch-Site': 'same-origin' }

async function setUp(options: Parameters<typeof setUpVerifier>[0] = { carriers: ['query'] }, locked = false) {
  const verifier = setUpVerifier(options)
  await verifier.store.insert(recordOf(ticket, locked ? { lock: lockOfKey(key) } : {}))
  const ask = async (changes: Parameters<typeof streamRequest>[0]) =>
    (await verifier.admission.admitEventStream(streamRequest(changes))).decision
  const codeOf = async (changes: Parameters<typeof streamRequest>[0]) => {
    const decision = await ask(changes)
    return decision.kind === 'refused' ? decision.code : decision.kind
  }
  return { ...verifier, ask, codeOf }
}

const inQuery = `/events?room=1&ticket=${ticket}`
const cookies = { Cookie: `theme=dark; __Host-wsticket=${ticket}` }

/** Whether a passage shows a ticket or a key: compared here, so that no failure shows them. */
const isBare = (passage: unknown) => !/ws[tk]_/.test(JSON.stringify(passage))

describe('admission of an event stream', () => {
  it('admits once, and leaves nothing of the ticket', async () => {
    const { ask, codeOf, events } = await setUp()
    const decision = await ask({ target: `${inQuery}&lastEventId=7` })
    if (decision.kind !== 'admitted') throw new TypeError('it should be admitted')
    expect(isBare(decision.passage)).toBe(true)
    expect(decision.passage.target).toBe('/events?room=1')
    expect(decision.passage.rawHeaders.slice(-2)).toEqual(['Last-Event-ID', '7'])
    expect(decision).toMatchObject({ fallbackProtocol: null, clearingCookie: null })
    expect(await codeOf({ target: inQuery })).toBe('ticket_spent')
    expect(events).toMatchObject([
      { type: 'admitted', carrier: 'query', origin: pageOrigin },
      { type: 'refused', code: 'ticket_spent' },
    ])
  })

  it('takes a ticket from the header of a client that is no browser', async () => {
    const { ask } = await setUp({})
    const decision = await ask({ headers: { Origin: null, Authorization: `Ticket ${ticket}` } })
    expect(decision.kind).toBe('admitted')
    expect(isBare(decision)).toBe(true)
  })

  it.each([['query'], ['cookie']] as const)('takes none from a carrier that is off: %s', async (carrier) => {
    const { codeOf, redeemed } = await setUp({})
    const change = carrier === 'query' ? { target: inQuery } : { headers: cookies }
    expect(await codeOf(change)).toBe('ticket_missing')
    expect(redeemed).toEqual([])
  })

  it('awaits no message, and takes no subprotocol', async () => {
    const { codeOf } = await setUp(all)
    expect(await codeOf({})).toBe('ticket_missing')
    expect(await codeOf({ headers: { 'Sec-WebSocket-Protocol': `wsticket.v1, ${ticket}` } })).toBe(
      'handshake_malformed',
    )
  })

  it('refuses two tickets, and spends neither', async () => {
    const { codeOf, redeemed } = await setUp(all)
    const authorization = { Authorization: `Ticket ${ticketOf(2)}` }
    expect(await codeOf({ target: `${inQuery}&ticket=${ticketOf(2)}` })).toBe('handshake_malformed')
    expect(await codeOf({ target: inQuery, headers: cookies })).toBe('handshake_malformed')
    expect(await codeOf({ target: inQuery, headers: authorization })).toBe('handshake_malformed')
    expect(redeemed).toEqual([])
  })

  it('takes no opening handshake, as admission of WebSockets takes no such request', async () => {
    const { admission } = await setUp(all)
    expect((await admission.admitEventStream(offering(ticket))).decision).toMatchObject({ code: 'handshake_malformed' })
    expect(await admission.admit(streamRequest({ target: inQuery }))).toMatchObject({ code: 'handshake_malformed' })
  })

  it('holds the ticket against audience, address and time', async () => {
    const elsewhere = await setUp()
    expect(await elsewhere.codeOf({ target: inQuery, peerAddress: '198.51.100.1' })).toBe('address_mismatch')
    expect(await elsewhere.codeOf({ target: inQuery })).toBe('ticket_spent')
    const other = await setUp({ carriers: ['query'], audience: 'feed' })
    expect(await other.codeOf({ target: inQuery })).toBe('audience_mismatch')
    const late = await setUp()
    late.clock.advance(30_000)
    expect(await late.codeOf({ target: inQuery })).toBe('ticket_expired')
  })

  it('is limited as a handshake is', async () => {
    const { ask, redeemed } = await setUp({ carriers: ['query'], limits: { perAddress: () => 5000 } })
    expect(await ask({ target: inQuery })).toEqual({
      kind: 'refused',
      code: 'address_rate_limited',
      retryAfterMs: 5000,
    })
    expect(redeemed).toEqual([])
  })
})

describe('the page that asks for an event stream', () => {
  it('may be of the same origin, for which its browser vouches', async () => {
    const { codeOf } = await setUp()
    expect(await codeOf({ target: inQuery, headers: { Origin: null } })).toBe('origin_forbidden')
    for (const site of ['same-site', 'cross-site', 'none'])
      expect(await codeOf({ target: inQuery, headers: { Origin: null, 'Sec-Fetch-Site': site } })).toBe(
        'origin_forbidden',
      )
    expect(await codeOf({ target: inQuery, headers: sameOrigin })).toBe('admitted')
  })

  it('goes by its Origin, where there is one', async () => {
    const { codeOf } = await setUp()
    const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'same-origin' }
    expect(await codeOf({ target: inQuery, headers })).toBe('origin_forbidden')
    expect(await codeOf({ target: inQuery, headers: { Origin: 'null' } })).toBe('origin_forbidden')
  })

  it('opens no WebSocket so', async () => {
    const { admission } = await setUp({})
    const vouched = offering(ticket, { headers: sameOrigin })
    expect(await admission.admit(vouched)).toMatchObject({ code: 'origin_forbidden' })
  })

  it('is let see the answer where it is listed, and no other', async () => {
    const { admission } = await setUp()
    const corsOf = async (request: Opening) => (await admission.admitEventStream(request)).cors
    const listed = { Vary: 'Origin', 'Access-Control-Allow-Origin': pageOrigin }
    expect(await corsOf(streamRequest({ target: inQuery }))).toMatchObject(listed)
    expect(await corsOf(streamRequest({ target: inQuery }))).toMatchObject(listed)
    expect(await corsOf(streamRequest({ headers: { Origin: 'https://evil.example' } }))).toEqual({ Vary: 'Origin' })
    expect(await corsOf(streamRequest({ method: 'POST' }))).toEqual({ Vary: 'Origin' })
  })

  it('sends cookies where one may be its ticket, and only there', async () => {
    const headerOf = async (options: Parameters<typeof setUpVerifier>[0]) =>
      (await (await setUp(options)).admission.admitEventStream(streamRequest())).cors[
        'Access-Control-Allow-Credentials'
      ]
    expect(await headerOf({ carriers: ['query'] })).toBeUndefined()
    expect(await headerOf({ carriers: ['cookie'] })).toBe('true')
  })
})

describe('the key of a locked ticket', () => {
  const shown = `${inQuery}&key=${key}`

  it.each([
    ['missing', inQuery, 'lock_mismatch'],
    ['another', `${inQuery}&key=${keyOf(2)}`, 'lock_mismatch'],
    ['no key', `${inQuery}&key=wsk_1`, 'handshake_malformed'],
    ['shown twice', `${shown}&key=${key}`, 'handshake_malformed'],
    ['its own', shown, 'admitted'],
  ])('is %s', async (_, target, code) => {
    const { codeOf } = await setUp({ carriers: ['query'] }, true)
    expect(await codeOf({ target })).toBe(code)
  })

  it('stands in the query beside a cookie, and an application keeps its own parameter "ticket"', async () => {
    const { ask } = await setUp({ carriers: ['cookie'] }, true)
    const decision = await ask({ target: `/events?ticket=opera&key=${key}&key=c%20sharp`, headers: cookies })
    if (decision.kind !== 'admitted') throw new TypeError('it should be admitted')
    expect(isBare(decision.passage)).toBe(true)
    expect(decision.passage.target).toBe('/events?ticket=opera&key=c%20sharp')
    expect(decision.clearingCookie).toMatch(/^__Host-wsticket=; /)
  })
})
