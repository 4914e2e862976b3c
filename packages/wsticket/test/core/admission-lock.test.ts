import { describe, expect, it } from 'vitest'
import type { AdmissionOptions } from '../../src/admission-options.ts'
import type { Opening } from '../../src/handshake.ts'
import { lockOfKey } from '../../src/lock.ts'
import { expectSame, headerLines, keyOf, opening, pageOrigin, recordOf, ticketOf } from './fixtures.ts'
import { authorizing, codeOf, offering, setUpVerifier, stateOf } from './verifier.ts'

const ticket = ticketOf(1)
const key = keyOf(1)
const everyCarrier = { carriers: ['subprotocol', 'authorization', 'query'] } as const

/** A verifier whose store has a ticket that the key opens. */
async function setUpLocked(options: Partial<AdmissionOptions> = {}) {
  const world = setUpVerifier(options)
  await world.store.insert(recordOf(ticket, { lock: lockOfKey(key) }))
  return world
}

function asking(query: string): Opening {
  return opening({ target: `/ws?${query}` })
}

describe('a locked ticket', () => {
  it.each([
    ['subprotocol', offering(`${ticket}, ${key}`)],
    ['subprotocol, the key first', offering(`${key}, ${ticket}`)],
    ['authorization', authorizing(`${ticket}.${key}`)],
    ['query', asking(`ticket=${ticket}&key=${key}`)],
  ] as readonly [string, Opening][])(
    'is opened by its key in the carrier %s, and neither is passed on',
    async (_, attempt) => {
      const { admission } = await setUpLocked(everyCarrier)
      const decision = await admission.admit(attempt)
      if (decision.kind !== 'admitted') throw new TypeError('the handshake should be admitted')
      const { target, rawHeaders } = decision.passage
      expect([target, ...rawHeaders].some((text) => /ws[tk]_/.test(text))).toBe(false)
      expect(target).toBe('/ws')
    },
  )

  it.each([
    ['without a key', offering(ticket)],
    ['with the key of another', offering(`${ticket}, ${keyOf(2)}`)],
    ['without a key in Authorization', authorizing(ticket)],
    ['with the key of another in the query', asking(`ticket=${ticket}&key=${keyOf(2)}`)],
    ["with an application's own key", asking(`ticket=${ticket}&key=c-sharp`)],
  ] as readonly [string, Opening][])('is refused %s, and spent all the same', async (_, attempt) => {
    const world = await setUpLocked(everyCarrier)
    expect(await codeOf(world.admission, attempt)).toBe('lock_mismatch')
    expect(await stateOf(world, ticket)).toBe('redeemed')
    expect(await codeOf(world.admission, offering(`${ticket}, ${key}`))).toBe('ticket_spent')
  })

  it.each([
    ['two keys', offering(`${ticket}, ${key}, ${keyOf(2)}`), 'handshake_malformed'],
    ['one key twice', authorizing(`${ticket}.${key}.${key}`), 'handshake_malformed'],
    ['two keys in the query', asking(`ticket=${ticket}&key=${key}&key=${keyOf(2)}`), 'handshake_malformed'],
    ['a key that is too short', offering(`${ticket}, ${key.slice(0, -1)}`), 'handshake_malformed'],
    ['the prefix of a key', offering(`${ticket}, wsk_`), 'handshake_malformed'],
    ['a malformed key beside the right one', offering(`${ticket}, ${key}, wsk_`), 'handshake_malformed'],
    ['a malformed key in Authorization', authorizing(`${ticket}.wsk_short`), 'handshake_malformed'],
    ['a malformed key in the query', asking(`ticket=${ticket}&key=wsk_short`), 'handshake_malformed'],
    [
      'the key in another carrier',
      opening({ headers: { Authorization: `Ticket ${ticket}`, 'Sec-WebSocket-Protocol': key } }),
      'handshake_malformed',
    ],
    [
      'the key in the query beside an offered ticket',
      offering(ticket, { target: `/ws?key=${key}` }),
      'handshake_malformed',
    ],
    ['one key in two carriers', offering(`${ticket}, ${key}`, { target: `/ws?key=${key}` }), 'handshake_malformed'],
    ['a key after a space', authorizing(`${ticket} ${key}`), 'ticket_malformed'],
    ['a key alone', offering(key), 'ticket_missing'],
    ['a key in place of the ticket', asking(`ticket=${key}`), 'ticket_malformed'],
  ] as readonly [string, Opening, string][])('is not spent by %s', async (_, attempt, code) => {
    const world = await setUpLocked(everyCarrier)
    expect(await codeOf(world.admission, attempt)).toBe(code)
    expect(world.redeemed).toEqual([])
    expect(await stateOf(world, ticket)).toBe('pending')
  })

  it('is not spent where its key is in a carrier that is off', async () => {
    const world = await setUpLocked({ carriers: ['subprotocol'] })
    expect(await codeOf(world.admission, offering(ticket, { target: `/ws?key=${key}` }))).toBe('handshake_malformed')
    expect(world.redeemed).toEqual([])
  })

  it('leaves the application its own parameter of that name', async () => {
    const { admission } = await setUpLocked(everyCarrier)
    const decision = await admission.admit(asking(`key=c-sharp&ticket=${ticket}&key=${key}`))
    expect(decision.kind).toBe('admitted')
    if (decision.kind === 'admitted') expectSame(decision.passage.target, '/ws?key=c-sharp')
  })

  it('is looked at before the audience and the address, and nobody is asked for permission', async () => {
    const asked: string[] = []
    const permit = () => asked.push('permit') > 0
    const { admission } = await setUpLocked({ audience: 'admin', permit })
    expect(await codeOf(admission, offering(ticket, { peerAddress: '198.51.100.9' }))).toBe('lock_mismatch')
    expect(asked).toEqual([])
  })

  it('leaves no key in the audit, whatever becomes of it', async () => {
    const { admission, events } = await setUpLocked()
    await admission.admit(offering(`${ticket}, ${key}, wsk_`))
    await admission.admit(offering(`${ticket}, ${key}`))
    await admission.admit(offering(`${ticket}, ${key}`))
    expect(events.map((event) => (event.type === 'refused' ? event.code : event.type))).toEqual([
      'handshake_malformed',
      'admitted',
      'ticket_spent',
    ])
    expect(/ws[tk]_/.test(JSON.stringify(events))).toBe(false)
  })
})

describe('a ticket without a lock', () => {
  it('is refused with a key, for its owner had asked for a lock, and spent all the same', async () => {
    const world = setUpVerifier()
    await world.store.insert(recordOf(ticket))
    expect(await codeOf(world.admission, offering(`${ticket}, ${key}`))).toBe('lock_mismatch')
    expect(await stateOf(world, ticket)).toBe('redeemed')
  })

  it('is refused where the operator requires locks, and spent all the same', async () => {
    const world = setUpVerifier({ lockPolicy: 'required' })
    await world.store.insert(recordOf(ticket))
    expect(await codeOf(world.admission, offering(ticket))).toBe('lock_mismatch')
    expect(await stateOf(world, ticket)).toBe('redeemed')
  })

  it('is no matter where the operator requires locks and this one has its own', async () => {
    const { admission } = await setUpLocked({ lockPolicy: 'required' })
    const decision = await admission.admit(offering(`${ticket}, ${key}`))
    expect(decision).toMatchObject({ kind: 'admitted', fallbackProtocol: 'wsticket.v1' })
    if (decision.kind === 'admitted') expectSame(decision.passage.rawHeaders, headerLines({ Origin: pageOrigin }))
  })
})
