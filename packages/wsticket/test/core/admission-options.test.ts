import { describe, expect, it, vi } from 'vitest'
import { createAdmission } from '../../src/admission.ts'
import type { AdmissionOptions } from '../../src/admission-options.ts'
import { ConfigurationError, StoreError } from '../../src/errors.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { pageOrigin, recordOf, start, ticketOf } from './fixtures.ts'
import { codeOf, offering, setUpVerifier } from './verifier.ts'

const ticket = ticketOf(1)
const sound = { engine: 'memory', guarantee: 'At most once.' }

describe('the address policy', () => {
  it.each([
    ['exact', 'address_mismatch', null],
    ['prefix', 'admitted', true],
    ['report', 'admitted', true],
    ['off', 'admitted', null],
  ] as const)('%s judges a neighbour', async (addressPolicy, code, addressMatches) => {
    const { admission, store, events } = setUpVerifier({ addressPolicy })
    await store.insert(recordOf(ticket))
    expect(await codeOf(admission, offering(ticket, { peerAddress: '192.0.2.8' }))).toBe(code)
    const admitted = events.find(({ type }) => type === 'admitted')
    if (code === 'admitted') expect(admitted).toMatchObject({ addressMatches })
    else expect(admitted).toBeUndefined()
  })

  it('report admits a stranger, and the audit hears that the address does not fit', async () => {
    const { admission, store, events } = setUpVerifier({ addressPolicy: 'report' })
    await store.insert(recordOf(ticket))
    expect(await codeOf(admission, offering(ticket, { peerAddress: '198.51.100.9' }))).toBe('admitted')
    expect(events).toMatchObject([{ type: 'admitted', clientAddress: '198.51.100.9', addressMatches: false }])
  })

  it('prefix is the default, and compares what a trusted proxy says', async () => {
    const { admission, store } = setUpVerifier({ trustedProxies: ['10.0.0.0/8'] })
    await store.insert(recordOf(ticket))
    const behind = { peerAddress: '10.0.0.1', headers: { 'X-Forwarded-For': '198.51.100.1, 192.0.2.9' } }
    expect(await codeOf(admission, offering(ticket, behind))).toBe('admitted')
  })

  it('prefix has no way of telling without a chain, and refuses', async () => {
    const { admission, store } = setUpVerifier({ trustedProxies: ['10.0.0.0/8'] })
    await store.insert(recordOf(ticket))
    expect(await codeOf(admission, offering(ticket, { peerAddress: '10.0.0.1' }))).toBe('address_mismatch')
  })
})

describe('the options of admission', () => {
  const good: AdmissionOptions = { store: createMemoryStore(), audience: 'chat', origins: [pageOrigin] }

  it.each([
    ['audience', { audience: '' }],
    ['audience', { audience: undefined }],
    ['audience', { audience: ['chat'] }],
    ['origins', { origins: ['*'] }],
    ['lockPolicy', { lockPolicy: 'off' }],
    ['lockPolicy', { lockPolicy: true }],
    ['origins', { origins: undefined }],
    ['origins', { origins: pageOrigin }],
    ['carriers', { carriers: [] }],
    ['carriers', { carriers: ['cookies'] }],
    ['carriers', { carriers: ['toString'] }],
    ['trustedProxies', { trustedProxies: ['*'] }],
    ['addressPolicy', { addressPolicy: 'of' }],
    ['store', { store: undefined }],
    ['permit', { permit: true }],
    ['trustedProxies', { trustedProxies: '10.0.0.0/8' }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['deadlineMs', { deadlineMs: 2 ** 31 }],
    ['nonBrowserClients', { nonBrowserClients: 'all' }],
    ['nonBrowserClients', { nonBrowserClients: 'any_carrier', carriers: ['subprotocol', 'cookie'] }],
    ['addressPrefixes.ipv4', { addressPrefixes: { ipv4: 0, ipv6: 56 } }],
    ['addressPrefixes.ipv6', { addressPrefixes: { ipv4: 24, ipv6: 200 } }],
  ])('name %s where it cannot be', (option, changes) => {
    expect(() => createAdmission({ ...good, ...changes } as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    )
  })

  it.each([
    [{ carriers: [] }, 'carriers must name at least one carrier'],
    [{ carriers: ['cookies'] }, 'carriers must be among subprotocol, authorization, query, cookie, message'],
    [{ trustedProxies: '10.0.0.0/8' }, 'trustedProxies must be a list'],
  ])('say of %j what they must be', (changes, message) => {
    expect(() => createAdmission({ ...good, ...changes } as never)).toThrow(message)
  })

  it.each([
    ['addressPolicy: off', { addressPolicy: 'off' }],
    ['nonBrowserClients: any_carrier', { nonBrowserClients: 'any_carrier' }],
  ] as const)('announce %s at once, as dangerous', (setting, changes) => {
    const { events } = setUpVerifier(changes)
    expect(events).toEqual([{ type: 'dangerous_setting', at: start, setting, consequence: expect.any(String) }])
  })

  it('announce what weakens the store', async () => {
    const store = {
      ...createMemoryStore(),
      name: 'weak',
      inspect: async () => ({ ...sound, weaknesses: ['It forgets.'] }),
    }
    const { events } = setUpVerifier({ store })
    await vi.waitFor(() =>
      expect(events).toEqual([
        { type: 'dangerous_setting', at: start, setting: 'store: weak', consequence: 'It forgets.' },
      ]),
    )
  })

  it('announce a store on which nobody is admitted', async () => {
    const inspect = () => Promise.reject(new ConfigurationError('maxmemory-policy', 'must be noeviction'))
    const { events } = setUpVerifier({ store: { ...createMemoryStore(), inspect } })
    const consequence = 'nobody is admitted: maxmemory-policy must be noeviction'
    await vi.waitFor(() => expect(events).toMatchObject([{ setting: 'store: memory', consequence }]))
  })

  it('announce nothing of a store whose engine is away at the start', async () => {
    const inspect = vi.fn(() => Promise.reject(new StoreError('unavailable', 'away')))
    const { events } = setUpVerifier({ store: { ...createMemoryStore(), inspect } })
    await vi.waitFor(() => expect(inspect).toHaveBeenCalledOnce())
    await new Promise(setImmediate)
    expect(events).toEqual([])
  })

  it('announce nothing where nothing is dangerous', () => {
    expect(setUpVerifier({ addressPolicy: 'exact', carriers: ['query'] }).events).toEqual([])
  })

  it('may name a carrier twice', async () => {
    const { admission, store } = setUpVerifier({ carriers: ['subprotocol', 'subprotocol'] })
    await store.insert(recordOf(ticket))
    expect(await codeOf(admission, offering(ticket))).toBe('admitted')
  })
})
