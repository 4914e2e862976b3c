import { describe, expect, it } from 'vitest'
import type { AdmissionOptions } from '../../src/admission-options.ts'
import type { CarrierName } from '../../src/carrier.ts'
import { lockOfKey } from '../../src/lock.ts'
import { parseSetCookie } from '../../src/testing/set-cookie.ts'
import {
  expectSame,
  type HeaderChanges,
  headerLines,
  keyOf,
  opening,
  pageOrigin,
  recordOf,
  ticketOf,
} from './fixtures.ts'
import { codeOf, offering, setUpVerifier, stateOf } from './verifier.ts'

const ticket = ticketOf(1)
const key = keyOf(1)
const ours = `__Host-wsticket=${ticket}`
const carriers: readonly CarrierName[] = ['subprotocol', 'authorization', 'query', 'cookie']

/** A page's handshake, with the ticket in its cookie. */
function carrying(headers: HeaderChanges = {}, target = '/ws') {
  return opening({ target, headers: { Cookie: `a=1; ${ours}; b=2`, ...headers } })
}

async function setUp(options: Partial<AdmissionOptions> = {}, isLocked = false) {
  const world = setUpVerifier({ carriers, ...options })
  await world.store.insert(recordOf(ticket, { lock: isLocked ? lockOfKey(key) : null }))
  return world
}

describe('a ticket in a cookie', () => {
  it('admits, passes the other cookies on, and is cleared', async () => {
    const { admission, events } = await setUp()
    const decision = await admission.admit(carrying())
    if (decision.kind !== 'admitted') throw new TypeError(decision.kind)
    expectSame(decision.passage.rawHeaders, headerLines({ Origin: pageOrigin, Cookie: 'a=1; b=2' }))
    expect(decision.fallbackProtocol).toBeNull()
    expect(parseSetCookie(decision.clearingCookie ?? '')).toEqual({
      name: '__Host-wsticket',
      value: '',
      attributes: { secure: '', httponly: '', samesite: 'Strict', path: '/', 'max-age': '0' },
    })
    expect(events).toMatchObject([{ type: 'admitted', carrier: 'cookie' }])
  })

  it('clears no cookie where the ticket came by another carrier', async () => {
    const { admission } = await setUp()
    expect(await admission.admit(offering(ticket))).toMatchObject({ kind: 'admitted', clearingCookie: null })
  })

  it('is not looked for unless the operator says so', async () => {
    const { admission, redeemed } = await setUp({ carriers: ['subprotocol', 'authorization'] })
    expect(await codeOf(admission, carrying())).toBe('ticket_missing')
    expect(redeemed).toEqual([])
  })

  it.each([
    ['twice', carrying({ Cookie: `${ours}; ${ours}` })],
    ['in two lines', carrying({ Cookie: [ours, ours] })],
    ['beside an empty one', carrying({ Cookie: `${ours}; __Host-wsticket=` })],
    ['and among the subprotocols', carrying({ 'Sec-WebSocket-Protocol': `wsticket.v1, ${ticket}` })],
    ['beside another among the subprotocols', carrying({ 'Sec-WebSocket-Protocol': ticketOf(2) })],
    ['and in Authorization', carrying({ Authorization: `Ticket ${ticket}` })],
    ['and in the query', carrying({}, `/ws?ticket=${ticket}`)],
    ['with two keys', carrying({ 'Sec-WebSocket-Protocol': `${key}, ${keyOf(2)}` })],
    ['with half a key', carrying({ 'Sec-WebSocket-Protocol': 'wsk_' })],
    ['with a key in the query', carrying({}, `/ws?key=${key}`)],
  ])('%s is refused before the store is asked', async (_, attempt) => {
    const world = await setUp()
    expect(await codeOf(world.admission, attempt)).toBe('handshake_malformed')
    expect(world.redeemed).toEqual([])
    expect(await stateOf(world, ticket)).toBe('pending')
  })

  it('is one too many beside a ticket in a carrier that is on, where cookies are off', async () => {
    const { admission, redeemed } = await setUp({ carriers: ['subprotocol'] })
    expect(await codeOf(admission, offering(ticketOf(2), { headers: { Cookie: ours } }))).toBe('handshake_malformed')
    expect(redeemed).toEqual([])
  })

  it.each([
    ['none', null],
    ['a foreign one', 'https://evil.example'],
    ['that of a page without an origin of its own', 'null'],
  ])('needs a listed Origin: %s is refused, and spends nothing', async (_, origin) => {
    const { admission, redeemed } = await setUp()
    expect(await codeOf(admission, carrying({ Origin: origin }))).toBe('origin_forbidden')
    expect(redeemed).toEqual([])
  })

  it('that is none is refused as any bad ticket', async () => {
    const { admission, redeemed } = await setUp()
    expect(await codeOf(admission, carrying({ Cookie: '__Host-wsticket=' }))).toBe('ticket_malformed')
    expect(await codeOf(admission, carrying({ Cookie: `__Host-wsticket="${ticket}"` }))).toBe('ticket_malformed')
    expect(redeemed).toEqual([])
  })

  it('is opened by a key among the subprotocols, and neither is passed on', async () => {
    const { admission } = await setUp({ lockPolicy: 'required' }, true)
    const decision = await admission.admit(carrying({ 'Sec-WebSocket-Protocol': `chat.v1, wsticket.v1, ${key}` }))
    expect(decision).toMatchObject({ kind: 'admitted', fallbackProtocol: 'wsticket.v1' })
    const kept = { Origin: pageOrigin, Cookie: 'a=1; b=2', 'Sec-WebSocket-Protocol': 'chat.v1' }
    if (decision.kind === 'admitted') expectSame(decision.passage.rawHeaders, headerLines(kept))
  })

  it('is spent where it is locked and no key is shown', async () => {
    const world = await setUp({}, true)
    expect(await codeOf(world.admission, carrying())).toBe('lock_mismatch')
    expect(await stateOf(world, ticket)).toBe('redeemed')
  })
})
