import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClientAddressResolver, networkOf } from '../../src/checks/client-address.ts'
import { createMemoryLimiter } from '../../src/limiters/memory.ts'
import { fromRateLimiter } from '../../src/limiters/rate-limiter-flexible.ts'
import { readLimit } from '../../src/limits.ts'
import type { TicketEndpointOptions } from '../../src/ticket-endpoint.ts'
import { at, opening, pageOrigin, recordOf, start, ticketOf } from './fixtures.ts'
import { asking, authenticateByName, setUpEndpoint } from './ticket-requests.ts'
import { codeOf, offering, setUpVerifier } from './verifier.ts'

const one = () => createMemoryLimiter({ perSecond: 0.5, burst: 1 })
const from = (address: string | null) => ({ address })

describe('what counts as one client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:db8:0:0:1::', '2001:db8:0:0'],
    ['::', '0:0:0:0'],
    ['::1', '0:0:0:0'],
    ['::3:4:5:6:7:8', '0:0:3:4'],
    [null, ''],
  ])('of %s is %j', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it('is the first half of an IPv6 address, however that is spelled', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
    const groups = fc.array(group, { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(groups, (all) => {
        const hex = all.map((one) => one.toString(16))
        const canonical = createClientAddressResolver([])(hex.join(':'), null) ?? ''
        // That of an IPv4 address within IPv6 is the IPv4 one.
        expect(networkOf(canonical)).toBe(canonical.includes(':') ? hex.slice(0, 4).join(':') : canonical)
      }),
    )
  })
})

describe('the limits of the ticket endpoint', () => {
  it('are looked at before the credential: whoever is over them costs no signature', async () => {
    let verified = 0
    const authenticate: TicketEndpointOptions['authenticate'] = (request) => {
      verified += 1
      return authenticateByName(request)
    }
    for (const limits of [{ perAddress: one() }, { everybody: one() }]) {
      verified = 0
      const { endpoint } = setUpEndpoint({ authenticate, limits })
      const statuses = []
      for (let n = 0; n < 3; n++) statuses.push((await endpoint.answer(asking(), from('192.0.2.7'))).status)
      expect([statuses, verified]).toEqual([[201, 429, 429], 1])
    }
  })

  it('tell how long to wait, in whole seconds, and let a page of a listed origin read it', async () => {
    const { endpoint } = setUpEndpoint({ limits: { perAddress: one() } })
    const request = () => asking({ headers: { Origin: pageOrigin } })
    await endpoint.answer(request(), from('192.0.2.7'))
    const { status, headers, body } = await endpoint.answer(request(), from('192.0.2.7'))
    expect(status).toBe(429)
    expect(headers['Retry-After']).toBe('2')
    expect(headers['Access-Control-Expose-Headers']).toContain('Retry-After')
    expect(headers['Access-Control-Allow-Origin']).toBe(pageOrigin)
    expect(JSON.parse(body)).toMatchObject({ code: 'rate_limited' })
  })

  it('take an IPv6 network of 64 bits for one client, an IPv4 address within IPv6 for itself, and proxies at their word', async () => {
    const { endpoint } = setUpEndpoint({ limits: { perAddress: one() }, trustedProxies: ['10.0.0.0/8'] })
    const ask = async (address: string | null, forwarded: string | null = null) =>
      (await endpoint.answer(asking({ headers: { 'X-Forwarded-For': forwarded } }), from(address))).status
    expect(await ask('2001:db8::1')).toBe(201)
    expect(await ask('2001:db8::2')).toBe(429)
    expect(await ask('2001:db8:0:1::1')).toBe(201)
    expect(await ask('::ffff:192.0.2.1')).toBe(201)
    expect(await ask('192.0.2.1')).toBe(429)
    expect(await ask('10.0.0.1', '192.0.2.1')).toBe(429)
    expect(await ask('10.0.0.1', '203.0.113.5')).toBe(201)
    expect(await ask('192.0.2.1', '203.0.113.6')).toBe(429)
  })

  it('hold a subject back before anything is stored, and no other', async () => {
    const { endpoint, events } = setUpEndpoint({ limits: { perSubject: one() } })
    const ask = async (name: string) =>
      (await endpoint.answer(asking({ headers: { Authorization: `Bearer ${name}` } }), from(null))).status
    expect([await ask('alice'), await ask('bob'), await ask('alice')]).toEqual([201, 201, 429])
    expect(events.at(-1)).toMatchObject({ code: 'subject_rate_limited', subject: 'https://issuer.example#alice' })
  })

  it('leave whoever is over the limit of his address from taking what is everybody’s', async () => {
    const everybody = createMemoryLimiter({ perSecond: 1, burst: 2 })
    const { endpoint } = setUpEndpoint({ limits: { perAddress: one(), everybody } })
    const ask = async (address: string) => (await endpoint.answer(asking(), from(address))).status
    expect([await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.2')]).toEqual([201, 429, 201])
  })

  it('refuse with 503 where a limiter cannot tell, and take nothing but a limiter', async () => {
    const wrong = 'ConfigurationError limits.perAddress'
    for (const [perAddress, fault] of [
      [async () => Promise.reject(new Error('away')), 'Error'],
      [() => Number.NaN, wrong],
      [() => -1, wrong],
    ] as const) {
      const { endpoint, events } = setUpEndpoint({ limits: { perAddress } })
      expect((await endpoint.answer(asking(), from(null))).status).toBe(503)
      expect(events).toMatchObject([{ fault }])
    }
    for (const waitMs of [Number.NaN, -1, Number.POSITIVE_INFINITY])
      expect(() => readLimit('perSubject', () => waitMs)('alice', start)).toThrow(
        /^limits\.perSubject must return how long to wait, in milliseconds$/,
      )
    expect(() => setUpEndpoint({ limits: { perSubject: 'none' as never } })).toThrow(
      'limits.perSubject must be a limiter or unlimited',
    )
  })
})

describe('the number of tickets of a subject', () => {
  async function ask(world: ReturnType<typeof setUpEndpoint>, name = 'alice') {
    const answer = await world.endpoint.answer(asking({ headers: { Authorization: `Bearer ${name}` } }), from(null))
    return { status: answer.status, retryAfter: answer.headers['Retry-After'], body: JSON.parse(answer.body) }
  }

  it('is five at most, and the sixth waits until the first is over', async () => {
    let now = start
    const world = setUpEndpoint({ issuing: { clock: () => now } })
    for (let n = 0; n < 5; n++) expect((await ask(world)).status).toBe(201)
    expect(await ask(world)).toMatchObject({ status: 429, retryAfter: '30', body: { code: 'rate_limited' } })
    expect(world.events.at(-1)).toMatchObject({ code: 'too_many_tickets' })
    expect((await ask(world, 'bob')).status).toBe(201)
    now = at(start + 29_999)
    expect(await ask(world)).toMatchObject({ status: 429, retryAfter: '1' })
    now = at(start + 30_000)
    expect((await ask(world)).status).toBe(201)
  })

  it('goes down when a ticket is spent, whatever became of its handshake', async () => {
    const world = setUpEndpoint({ issuing: { ticketsPerSubject: 1 } })
    const { store } = world
    for (const audience of ['chat', 'other']) {
      const { body } = await ask(world)
      expect((await ask(world)).status).toBe(429)
      const { admission } = setUpVerifier({ store, audience, addressPolicy: 'off', clock: () => start })
      expect(await codeOf(admission, offering(body.ticket))).toBe(
        audience === 'chat' ? 'admitted' : 'audience_mismatch',
      )
    }
    expect((await ask(world)).status).toBe(201)
  })

  it('is not counted where nobody wants it to be, nor by a store that cannot', async () => {
    const unlimited = setUpEndpoint({ issuing: { ticketsPerSubject: 'unlimited' } })
    const { quota: _, ...store } = unlimited.store
    for (const world of [unlimited, setUpEndpoint({ issuing: { store } })]) {
      for (let n = 0; n < 20; n++) expect((await ask(world)).status).toBe(201)
    }
    for (const ticketsPerSubject of [0, 1.5, Number.NaN, 'none'])
      expect(() => setUpEndpoint({ issuing: { ticketsPerSubject: ticketsPerSubject as never } })).toThrow(
        /^ticketsPerSubject /,
      )
  })
})

describe('the limits of admission', () => {
  it('count everybody under one key, and an address under its own', async () => {
    const keys: string[] = []
    const counting = (key: string) => {
      keys.push(key)
      return 0
    }
    const { admission } = setUpVerifier({ limits: { everybody: counting, perAddress: counting } })
    await admission.admit(opening())
    expect(keys).toEqual(['192.0.2.7', ''])
  })

  it.each([
    ['address_rate_limited', { perAddress: one() }],
    ['rate_limited', { everybody: one() }],
  ] as const)('refuse with %s before the store is asked, and say how long to wait', async (code, limits) => {
    const { admission, store, redeemed, events, clock } = setUpVerifier({ limits })
    await store.insert(recordOf(ticketOf(1)))
    expect(await codeOf(admission, opening())).toBe('ticket_missing')
    expect(await admission.admit(offering(ticketOf(1)))).toEqual({ kind: 'refused', code, retryAfterMs: 2000 })
    expect(redeemed).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'refused', code, ticketId: null, clientAddress: '192.0.2.7' })
    clock.advance(2000)
    expect(await codeOf(admission, offering(ticketOf(1)))).toBe('admitted')
  })

  it('refuse with 503 where a limiter cannot tell', async () => {
    const { admission, redeemed } = setUpVerifier({
      limits: { everybody: async () => Promise.reject(new Error('away')) },
    })
    expect(await codeOf(admission, offering(ticketOf(1)))).toBe('store_unavailable')
    expect(redeemed).toEqual([])
  })
})

/** What promises as no promise of this runtime does: one of another realm, or of a library. */
function foreignPromise<Value>(value: Value): Promise<Value> {
  const then = (next: (value: Value) => unknown) => foreignPromise(next(value))
  // oxlint-disable-next-line unicorn/no-thenable
  return Object.fromEntries([['then', then]]) as unknown as Promise<Value>
}

describe('what is not ours', () => {
  it('may promise how long to wait in a way of its own', async () => {
    const { admission } = setUpVerifier({ limits: { perAddress: () => foreignPromise(5000) } })
    const decision = await admission.admit(offering(ticketOf(1)))
    expect(decision).toEqual({ kind: 'refused', code: 'address_rate_limited', retryAfterMs: 5000 })
  })

  it('may fail to count a ticket that is spent: who has presented it is let in', async () => {
    const memory = setUpVerifier()
    await memory.store.insert(recordOf(ticketOf(1)))
    const quota = {
      claim: async () => 0,
      giveBack: () => {
        throw new Error('of the quota')
      },
    }
    const { admission } = setUpVerifier({ store: { ...memory.store, quota } })
    expect(await admission.admit(offering(ticketOf(1)))).toMatchObject({ kind: 'admitted' })
  })
})

describe('a limit that is switched off', () => {
  const announced = (setting: string, consequence: string) => ({
    type: 'dangerous_setting',
    at: start,
    setting: `limits.${setting}`,
    consequence,
  })
  const ofAll: readonly [string, string] = [
    'everybody',
    'nothing bounds how much all clients together have this process do',
  ]
  const ofOne: readonly [string, string] = ['perAddress', 'nothing bounds how much one address has this process do']

  it.each<readonly [string, string]>([
    ofAll,
    ofOne,
    ['perSubject', 'nothing bounds how often one subject asks for tickets'],
    ['changesPerSubject', 'nothing bounds what one subject writes to the session log'],
  ])('is announced: %s of the endpoint', (limit, consequence) => {
    const { events } = setUpEndpoint({ limits: { [limit]: 'unlimited' } })
    expect(events).toEqual([announced(`${limit}: unlimited`, consequence)])
  })

  it.each([ofAll, ofOne])('is announced: %s of admission', (limit, consequence) => {
    const { events } = setUpVerifier({ limits: { [limit]: 'unlimited' } })
    expect(events).toEqual([announced(`${limit}: unlimited`, consequence)])
  })

  it('is announced where it is only while its engine is away', () => {
    const counting = { consume: async () => 0 }
    const lenient = fromRateLimiter(counting, { whenUnavailable: 'allow' })
    const consequence = `while its engine is away, ${ofAll[1]}`
    const expected = [announced('everybody: passes when unavailable', consequence)]
    expect(setUpEndpoint({ limits: { everybody: lenient } }).events).toEqual(expected)
    expect(setUpVerifier({ limits: { everybody: lenient } }).events).toEqual(expected)
    expect(setUpEndpoint({ limits: { everybody: fromRateLimiter(counting) } }).events).toEqual([])
  })

  it('is not announced where it is on', () => {
    expect(setUpEndpoint({ limits: { perSubject: one() } }).events).toEqual([])
  })
})
