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

  const noText = 'audience must be a non-empty string'
  const noList = 'origins must be a list of exact origins'
  const noLockPolicy = 'lockPolicy must be one of optional, required'
  const noCarrier = 'carriers must be among subprotocol, authorization, query, cookie, message'
  const noDeadline = 'must be a whole number of milliseconds from 1 to 2147483647'

  it.each([
    [{ store: undefined }, 'store must be a TicketStore'],
    [{ store: {} }, 'store must be a TicketStore'],
    [{ audience: '' }, noText],
    [{ audience: undefined }, noText],
    [{ audience: ['chat'] }, noText],
    [{ origins: undefined }, noList],
    [{ origins: pageOrigin }, noList],
    [{ origins: ['*'] }, /^origins must be exact origins such as .*, not "\*"$/],
    [{ carriers: [] }, 'carriers must be a list of at least one carrier'],
    [{ carriers: { cookie: true } }, 'carriers must be a list of at least one carrier'],
    [{ carriers: ['cookies'] }, noCarrier],
    [{ carriers: ['toString'] }, noCarrier],
    [{ trustedProxies: '10.0.0.0/8' }, 'trustedProxies must be a list'],
    [{ trustedProxies: ['*'] }, /^trustedProxies must be addresses or networks .*, not "\*"$/],
    [{ addressPolicy: 'of' }, 'addressPolicy must be one of exact, prefix, report, off'],
    [{ addressPrefixes: { ipv4: 0, ipv6: 56 } }, 'addressPrefixes.ipv4 must be a whole number of bits from 1 to 32'],
    [{ addressPrefixes: { ipv4: 24, ipv6: 200 } }, 'addressPrefixes.ipv6 must be a whole number of bits from 1 to 128'],
    [{ lockPolicy: 'off' }, noLockPolicy],
    [{ lockPolicy: true }, noLockPolicy],
    [{ sessions: {} }, 'sessions must be what createSessions returns'],
    [{ reuse: 'end' }, 'reuse must be one of report, end_session'],
    [{ permit: true }, 'permit must be a function'],
    [{ onEvent: {} }, 'onEvent must be a function'],
    [{ deadlineMs: 0 }, `deadlineMs ${noDeadline}`],
    [{ deadlineMs: 2 ** 31 }, `deadlineMs ${noDeadline}`],
    [{ messageDeadlineMs: 0 }, `messageDeadlineMs ${noDeadline}`],
    [{ nonBrowserClients: 'all' }, 'nonBrowserClients must be one of authorization_carrier, any_carrier'],
    [
      { nonBrowserClients: 'any_carrier', carriers: ['subprotocol', 'cookie'] },
      'nonBrowserClients cannot be any_carrier with the carrier cookie, which needs an Origin',
    ],
    [{ limits: { everybody: 5 } }, 'limits.everybody must be a limiter or unlimited'],
  ])('say of %j what they must be', (changes, message) => {
    expect(() => createAdmission({ ...good, ...changes } as never)).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        message: typeof message === 'string' ? message : expect.stringMatching(message),
        option: expect.stringMatching(new RegExp(`^(${Object.keys(changes).join('|')})\\b`)),
      }),
    )
  })

  it.each([
    [
      'addressPolicy: off',
      { addressPolicy: 'off' },
      'a ticket opens a WebSocket from any address, and nobody hears of it',
    ],
    [
      'nonBrowserClients: any_carrier',
      { nonBrowserClients: 'any_carrier' },
      'a client that sends no Origin is admitted with a ticket in any carrier',
    ],
  ] as const)('announce %s at once, as dangerous', (setting, changes, consequence) => {
    const { events } = setUpVerifier(changes)
    expect(events).toEqual([{ type: 'dangerous_setting', at: start, setting, consequence }])
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
