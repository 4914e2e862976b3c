import { describe, expect, it } from 'vitest'
import { createIssuer, type IssuerOptions } from '../../src/issuer.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { createTicketEndpoint, type TicketEndpointOptions } from '../../src/ticket-endpoint.ts'
import { pageOrigin, start } from './fixtures.ts'
import { asking, peer, setUpEndpoint, statusOf } from './ticket-requests.ts'

describe('a hook that misbehaves', () => {
  const good = { issuer: 'https://issuer.example', subject: 'alice', expiresAt: null, claims: {} }

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['rejects with nothing', () => Promise.reject(undefined)],
    ['finds nothing', async () => undefined],
    ['finds null', async () => null],
    ['finds true', async () => true],
    ['finds an empty object', async () => ({})],
    ['finds nobody of an issuer', async () => ({ ...good, subject: '' })],
    ['finds somebody of nobody', async () => ({ ...good, issuer: undefined })],
    ['finds somebody of two issuers', async () => ({ ...good, issuer: 'https://a.example#b' })],
    ['finds somebody with a line feed', async () => ({ ...good, subject: 'a\nb' })],
    ['does not say when the credential ends', async () => ({ ...good, expiresAt: undefined })],
    ['says that the credential ends when it is no number', async () => ({ ...good, expiresAt: Number.NaN })],
    ['refuses with a code that there is not', async () => 'credential_forgotten'],
    ['refuses with the code of something else', async () => 'route_unknown'],
    ['refuses with the name of a method', async () => 'toString'],
    ['refuses with an empty text', async () => ''],
  ])('is unavailable where authenticate %s', async (_, authenticate) => {
    const { endpoint, events } = setUpEndpoint({ authenticate: authenticate as never })
    expect((await endpoint.fetch(asking(), peer)).status).toBe(503)
    expect(events).toMatchObject([{ code: 'issue_unavailable', fault: expect.any(String) as string }])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['returns nothing', () => undefined],
    ['returns true', () => true],
    ['returns an empty object', () => ({})],
    ['returns an audience that there is not', () => ({ audience: 'admin' })],
    ['returns a lifetime that is too long', () => ({ audience: 'chat', lifetimeMs: 3_600_000 })],
    ['returns claims that are too large', () => ({ audience: 'chat', claims: { text: 'x'.repeat(5000) } })],
    ['returns claims that are no JSON', () => ({ audience: 'chat', claims: { count: 1n } })],
    ['returns claims that are a list', () => ({ audience: 'chat', claims: [] })],
  ])('is unavailable where grant %s', async (_, grant) => {
    const { endpoint, events } = setUpEndpoint({ grant: grant as never })
    const response = await endpoint.fetch(asking(), peer)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(events).toMatchObject([{ code: 'issue_unavailable', subject: 'https://issuer.example#alice' }])
  })

  it('does not get its words into the answer or the audit', async () => {
    const secret = 'hunter2'
    const { endpoint, events } = setUpEndpoint({
      grant: () => {
        throw new RangeError(`claims of ${secret}`)
      },
    })
    const response = await endpoint.fetch(asking(), peer)
    expect((await response.text()).includes(secret)).toBe(false)
    expect(events).toMatchObject([{ fault: 'RangeError' }])
    expect(JSON.stringify(events).includes(secret)).toBe(false)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('changes no answer where the event sink %s', async (_, onEvent) => {
    const changes = {
      onEvent: onEvent as never,
      issuing: { onEvent: onEvent as never, store: createMemoryStore({ clock: () => start }) },
    }
    expect(await statusOf(asking(), changes)).toBe(201)
    expect(await statusOf(asking({ method: 'GET' }), changes)).toBe(405)
    // A rejection that nobody takes care of would be reported by the runner after the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('the options of the endpoint', () => {
  const good: TicketEndpointOptions = {
    issuer: createIssuer({ store: createMemoryStore(), audiences: ['chat'] }),
    authenticate: async () => 'credential_missing',
    origins: [pageOrigin],
  }

  const noPath = 'must be a path that begins with / and does not end with one'

  it.each([
    [{ issuer: undefined }, 'issuer must be what createIssuer returns'],
    [{ authenticate: undefined }, 'authenticate must be a function'],
    [{ grant: { audience: 'chat' } }, 'grant must be a function'],
    [{ renewal: {} }, 'renewal must be a function'],
    [{ sessions: {} }, 'sessions must be what createSessions returns'],
    [{ onEvent: {} }, 'onEvent must be a function'],
    [{ path: 'tickets' }, `path ${noPath}`],
    [{ path: '/tickets/' }, `path ${noPath}`],
    [{ sessionsPath: /sessions/ }, `sessionsPath ${noPath}`],
    [{ origins: pageOrigin }, 'origins must be a list of exact origins'],
    [{ corsCredentials: true }, 'corsCredentials must be one of omit, include'],
    [{ cookiePolicy: 'on' }, 'cookiePolicy must be one of off, on_request'],
    [{ trustedProxies: '10.0.0.0/8' }, 'trustedProxies must be a list'],
    [{ deadlineMs: Number.NaN }, 'deadlineMs must be a whole number of milliseconds from 1 to 2147483647'],
  ])('say of %o what they must be', (changes, message) => {
    const options = { ...good, ...changes } as unknown as TicketEndpointOptions
    expect(() => createTicketEndpoint(options)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', message, option: Object.keys(changes)[0] }),
    )
  })

  it('are none where sessions or onEvent are null', () => {
    const options = { ...good, sessions: null, onEvent: null } as unknown as TicketEndpointOptions
    expect(() => createTicketEndpoint(options)).not.toThrow()
  })

  it('need a store to issue from', () => {
    const options = { audiences: ['chat'] } as unknown as IssuerOptions
    expect(() => createIssuer(options)).toThrow(/^store /)
  })
})
