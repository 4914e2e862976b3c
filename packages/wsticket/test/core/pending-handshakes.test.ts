import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { createHeldStore } from '../../src/testing/held-store.ts'
import { opening, recordOf, ticketOf } from './fixtures.ts'
import { codeOf, offering, setUpVerifier } from './verifier.ts'

const from = (peerAddress: string) => ({ peerAddress })

/** A verifier whose store keeps everybody waiting. */
async function setUpHeld(options: Parameters<typeof setUpVerifier>[0]) {
  const store = createHeldStore(createMemoryStore())
  for (let seed = 1; seed <= 9; seed += 1) await store.insert(recordOf(ticketOf(seed)))
  void store.hold()
  return { held: store, ...setUpVerifier({ store, addressPolicy: 'report', ...options }) }
}

describe('handshakes that wait', () => {
  it('may be so many in all, and one more is refused at once, before its ticket is spent', async () => {
    const { held, admission, events } = await setUpHeld({ pending: { inAll: 2 } })
    const waiting = [1, 2].map((seed) => codeOf(admission, offering(ticketOf(seed), from(`192.0.2.${seed}`))))
    expect(await admission.admit(offering(ticketOf(3), from('192.0.2.3')))).toEqual({
      kind: 'refused',
      code: 'overloaded',
    })
    expect(events.at(-1)).toMatchObject({ type: 'refused', code: 'overloaded' })
    held.release()
    expect(await Promise.all(waiting)).toEqual(['admitted', 'admitted'])
    expect(await codeOf(admission, offering(ticketOf(3), from('192.0.2.3')))).toBe('admitted')
  })

  it('may be so many of an address, of IPv6 of a /64, and others are let in meanwhile', async () => {
    const { held, admission } = await setUpHeld({ pending: { perAddress: 1 } })
    const waiting = [codeOf(admission, offering(ticketOf(1), from('2001:db8::1')))]
    expect(await codeOf(admission, offering(ticketOf(2), from('2001:db8::2')))).toBe('overloaded')
    waiting.push(codeOf(admission, offering(ticketOf(3), from('2001:db8:0:1::1'))))
    held.release()
    expect(await Promise.all(waiting)).toEqual(['admitted', 'admitted'])
    expect(await codeOf(admission, offering(ticketOf(2), from('2001:db8::2')))).toBe('admitted')
  })

  it('wait until their first message has decided', async () => {
    const { admission, store } = setUpVerifier({ carriers: ['message'], pending: { inAll: 1 } })
    await store.insert(recordOf(ticketOf(1)))
    const decision = await admission.admit(opening())
    if (decision.kind !== 'await_message') throw new TypeError('it should wait')
    expect(await codeOf(admission, opening())).toBe('overloaded')
    await decision.admit({ kind: 'absent' })
    expect(await codeOf(admission, opening())).toBe('await_message')
  })

  it('are none in the end, whatever became of 10,000', async () => {
    const fails = { ...createMemoryStore(), redeem: async () => Promise.reject(new Error('away')) }
    const broken = setUpVerifier({
      store: fails,
      pending: { inAll: 1, perAddress: 1 },
      limits: { perAddress: 'unlimited', everybody: 'unlimited' },
    })
    const codes = new Set<string>()
    for (let round = 0; round < 2500; round += 1) {
      codes.add(await codeOf(broken.admission, offering(ticketOf(round))))
      codes.add(await codeOf(broken.admission, opening()))
      codes.add(await codeOf(broken.admission, opening({ method: 'POST' })))
      codes.add(await codeOf(broken.admission, offering('wst_none')))
    }
    expect([...codes].sort()).toEqual([
      'handshake_malformed',
      'store_unavailable',
      'ticket_malformed',
      'ticket_missing',
    ])
  })

  it('are none at the deadline', async () => {
    const never = { ...createMemoryStore(), redeem: () => new Promise<never>(() => {}) }
    const { admission } = setUpVerifier({ store: never, pending: { inAll: 1 }, deadlineMs: 20 })
    for (const seed of [1, 2]) expect(await codeOf(admission, offering(ticketOf(seed)))).toBe('store_unavailable')
  })

  it.each([0, -1, 1.5, Number.NaN])('cannot be %d', (most) => {
    expect(() => setUpVerifier({ pending: { inAll: most } })).toThrow(
      expect.objectContaining({ option: 'pending.inAll' }),
    )
    expect(() => setUpVerifier({ pending: { perAddress: most } })).toThrow(
      expect.objectContaining({ option: 'pending.perAddress' }),
    )
  })
})
