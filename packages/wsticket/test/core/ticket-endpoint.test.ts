import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { lockOfKey } from '../../src/lock.ts'
import { type IssueRefusalCode, issueRefusals } from '../../src/refusals.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { idOfTicket, parseTicket, type TicketId } from '../../src/ticket.ts'
import type { TicketEndpointOptions } from '../../src/ticket-endpoint.ts'
import { at, keyOf, pageOrigin, start } from './fixtures.ts'
import {
  type Asking,
  asking,
  askingFor,
  authenticateByName,
  type EndpointChanges,
  peer,
  setUpEndpoint,
} from './ticket-requests.ts'

const lock = lockOfKey(keyOf(1))
const awayStore = { ...createMemoryStore(), insert: () => Promise.reject(new StoreError('unavailable', 'away')) }

/** Every way to be refused. */
const waysToBeRefused: readonly (readonly [IssueRefusalCode, string, Asking, EndpointChanges?])[] = [
  ['route_unknown', 'another path', { url: 'https://api.example/ticket' }],
  ['route_unknown', 'a path below', { url: 'https://api.example/tickets/' }],
  ['route_unknown', 'another case', { url: 'https://api.example/Tickets' }],
  ['route_unknown', 'another spelling', { url: 'https://api.example/%74ickets' }],
  ['route_unknown', 'two slashes', { url: 'https://api.example//tickets' }],
  ['route_unknown', 'the root', { url: 'https://api.example' }],
  ['origin_forbidden', 'a foreign page', { headers: { Origin: 'https://evil.example' } }],
  ['origin_forbidden', 'a page without an origin of its own', { headers: { Origin: 'null' } }],
  [
    'origin_forbidden',
    'a preflight of a foreign page',
    { method: 'OPTIONS', headers: { Origin: 'https://evil.example' } },
  ],
  ['method_not_allowed', 'GET', { method: 'GET' }],
  ['method_not_allowed', 'HEAD', { method: 'HEAD' }],
  ['method_not_allowed', 'PUT', { method: 'PUT' }],
  ['method_not_allowed', 'DELETE', { method: 'DELETE' }],
  ['method_not_allowed', 'PATCH', { method: 'PATCH' }],
  ['method_not_allowed', 'OPTIONS of no page', { method: 'OPTIONS' }],
  ['credential_missing', 'no credential', { headers: { Authorization: null } }],
  ['credential_malformed', 'half a credential', { headers: { Authorization: 'Bearer malformed' } }],
  ['credential_invalid', 'a forged credential', { headers: { Authorization: 'Bearer invalid' } }],
  ['credential_expired', 'an old credential', { headers: { Authorization: 'Bearer expired' } }],
  ['credential_expired', 'a credential that ends this very moment', {}, endingNow()],
  ['body_too_large', 'a long body', { body: 'x'.repeat(4097), headers: { 'Content-Type': 'application/json' } }],
  ['body_too_large', 'a body announced to be long', { body: '{}', headers: { 'Content-Length': '4097' } }],
  [
    'media_type_unsupported',
    'a form',
    { body: 'audience=chat', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
  ],
  ['media_type_unsupported', 'JSON without its type', { body: '{"audience":"chat"}' }],
  ['request_malformed', 'a body that is no JSON', { body: '{', headers: { 'Content-Type': 'application/json' } }],
  [
    'grant_denied',
    'an audience that there is not',
    { body: '{"audience":"admin"}', headers: { 'Content-Type': 'application/json' } },
  ],
  ['grant_denied', 'a grant that says no', {}, { grant: () => null }],
  ['lock_missing', 'no lock where one is required', {}, { issuing: { lockPolicy: 'required' } }],
  ['issue_unavailable', 'a store that is away', {}, { issuing: { store: awayStore } }],
  ['rate_limited', 'everybody, too often', {}, { limits: { everybody: () => 1000 } }],
  ['address_rate_limited', 'an address, too often', {}, { limits: { perAddress: () => 1000 } }],
  ['subject_rate_limited', 'a subject, too often', {}, { limits: { perSubject: () => 1000 } }],
]

const refused = waysToBeRefused.map(([code, what, request, changes = {}]) => [code, what, request, changes] as const)
const answered: readonly (readonly [string, Asking, EndpointChanges])[] = [
  ...refused.map(([, what, request, changes]) => [what, request, changes] as const),
  ['a good request', {}, {}],
  ['a preflight', { method: 'OPTIONS', headers: { Origin: pageOrigin } }, {}],
]

function endingNow(): EndpointChanges {
  return {
    authenticate: async (request) => {
      const identity = await authenticateByName(request)
      return typeof identity === 'string' ? identity : { ...identity, expiresAt: start }
    },
  }
}

function hasTicket(text: string): boolean {
  return text.includes('wst_')
}

describe('the ticket endpoint', () => {
  it('answers 201 with a ticket, its id and when both it and the session end', async () => {
    const { endpoint, store, events } = setUpEndpoint({ issuing: { lifetimeMs: 29_999, sessionLifetimeMs: 600_500 } })
    const response = await endpoint.fetch(asking(), peer)
    expect(response.status).toBe(201)
    const { ticket, ...body } = (await response.json()) as { ticket: string; id: string }
    const parsed = parseTicket(ticket)
    if (parsed === null) throw new TypeError('there should be a ticket')
    expect(body).toEqual({ id: idOfTicket(parsed), expires_in: 29, session_expires_in: 600 })
    expect(await store.read(idOfTicket(parsed), start)).toMatchObject({
      kind: 'pending',
      record: { subject: 'https://issuer.example#alice', audience: 'chat', clientAddress: '192.0.2.7', origin: null },
    })
    expect(events).toEqual([])
  })

  it('locks the ticket with the lock that the body names, and tells the grant hook of it', async () => {
    const seen: unknown[] = []
    const grant: TicketEndpointOptions['grant'] = (_, { audience, lock }) => {
      seen.push(lock)
      return { audience: audience ?? 'feed' }
    }
    const { endpoint, store } = setUpEndpoint({ grant, issuing: { lockPolicy: 'required' } })
    for (const body of [{ lock }, { lock, audience: 'chat' }]) {
      const response = await endpoint.fetch(askingFor(JSON.stringify(body)), peer)
      const { id } = (await response.json()) as { id: TicketId }
      expect(await store.read(id, start)).toMatchObject({ record: { lock, audience: body.audience ?? 'feed' } })
    }
    expect(seen).toEqual([lock, lock])
  })

  it('says null where the session does not end', async () => {
    const response = await setUpEndpoint().endpoint.fetch(asking(), peer)
    expect(await response.json()).toMatchObject({ session_expires_in: null })
  })

  it('issues for the audience that the body names, and for the first where it names none', async () => {
    const { endpoint, store } = setUpEndpoint()
    for (const [text, audience] of [
      ['{"audience":"feed"}', 'feed'],
      ['{"audience":null}', 'chat'],
      ['{}', 'chat'],
    ] as const) {
      const response = await endpoint.fetch(askingFor(text), peer)
      const { id } = (await response.json()) as { id: never }
      expect(await store.read(id, start)).toMatchObject({ record: { audience } })
    }
  })

  it('answers under its path whatever the query is', async () => {
    const { endpoint } = setUpEndpoint()
    for (const url of [
      'https://api.example/tickets?',
      'https://api.example/tickets?a=/b',
      'http://[::1]:8080/a/../tickets#c',
    ]) {
      expect((await endpoint.fetch(asking({ url }), peer)).status).toBe(201)
    }
  })

  it('answers under a path of the operator', async () => {
    const { endpoint } = setUpEndpoint({ path: '/auth/ws-ticket' })
    expect((await endpoint.fetch(asking({ url: 'https://api.example/auth/ws-ticket' }), peer)).status).toBe(201)
    expect((await endpoint.fetch(asking(), peer)).status).toBe(404)
  })

  it("keeps what the proxy says of the client's address, if the proxy is trusted", async () => {
    const { endpoint, store } = setUpEndpoint({ trustedProxies: ['10.0.0.0/8'] })
    const request = () => asking({ headers: { 'X-Forwarded-For': '203.0.113.9' } })
    for (const [address, known] of [
      ['10.0.0.1', '203.0.113.9'],
      ['192.0.2.7', '192.0.2.7'],
      [null, null],
    ] as const) {
      const response = await endpoint.fetch(request(), { address })
      const { id } = (await response.json()) as { id: never }
      expect(await store.read(id, start)).toMatchObject({ record: { clientAddress: known } })
    }
  })

  it('hands the grant hook the identity, what was asked for, and where', async () => {
    const seen: unknown[] = []
    const { endpoint, store } = setUpEndpoint({
      grant: (identity, { http, ...request }) => {
        seen.push(identity.subject, request, http.method)
        return { audience: 'feed', claims: { role: 'editor' }, lifetimeMs: 5000 }
      },
    })
    const response = await endpoint.fetch(askingFor('{"audience":"chat"}', { Origin: pageOrigin }), peer)
    const { id, ...body } = (await response.json()) as { id: never }
    expect(body).toMatchObject({ expires_in: 5 })
    expect(seen).toEqual([
      'alice',
      { audience: 'chat', lock: null, carrier: null, clientAddress: '192.0.2.7', origin: pageOrigin },
      'POST',
    ])
    const state = await store.read(id, start)
    expect(state).toMatchObject({ record: { audience: 'feed', origin: pageOrigin, expiresAt: start + 5000 } })
    expect(JSON.stringify(state)).toContain('"claims":{"role":"editor"}')
  })

  it.each(refused)('refuses with %s: %s', async (code, _, request, changes) => {
    const { endpoint, events } = setUpEndpoint(changes)
    const response = await endpoint.fetch(asking(request), peer)
    const row = issueRefusals[code]
    expect(response.status).toBe(row.status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({ status: row.status, code: row.publicCode })
    expect(hasTicket(body)).toBe(false)
    expect(events).toMatchObject([{ type: 'issue_refused', at: start, code, clientAddress: '192.0.2.7' }])
  })

  it('has been refused in every way that there is', () => {
    // In limits.test.ts, and in session-routes.test.ts.
    const elsewhere = ['too_many_tickets', 'ticket_not_found', 'session_not_found', 'renewal_denied', 'draining']
    const ways = [...new Set(refused.map(([code]) => code)), ...elsewhere]
    expect(ways.sort()).toEqual(Object.keys(issueRefusals).sort())
  })

  it('stores nothing for a request that it refuses', async () => {
    for (const [code, , request, changes] of refused) {
      const inserted: unknown[] = []
      const store = { ...createMemoryStore(), insert: async (record: unknown) => void inserted.push(record) }
      if (code === 'issue_unavailable') continue
      const { endpoint } = setUpEndpoint({ ...changes, issuing: { ...changes.issuing, store } })
      await endpoint.fetch(asking(request), peer)
      expect(inserted).toEqual([])
    }
  })

  it.each(answered)('answers so that nobody stores or sniffs it, to %s', async (_, request, changes) => {
    const response = await setUpEndpoint(changes).endpoint.fetch(asking(request), peer)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('vary')).toBe('Origin')
  })

  it('looks at the path, then the origin, then the method, then the limits, then the credential, then the body, then the grant', async () => {
    const { endpoint } = setUpEndpoint({ grant: () => null })
    const wrongs: readonly Asking[] = [
      { url: 'https://api.example/' },
      { headers: { Origin: 'https://evil.example' } },
      { method: 'PUT' },
      { headers: { Authorization: null } },
      { body: '{' },
      {},
    ]
    const statuses: number[] = []
    for (const [at] of wrongs.entries()) {
      const all = wrongs.slice(at)
      const headers = Object.assign({}, ...all.map((wrong) => wrong.headers ?? {})) as Asking['headers'] & object
      const request = Object.assign({}, ...all, { headers }) as Asking
      statuses.push((await endpoint.fetch(asking(request), peer)).status)
    }
    expect(statuses).toEqual([404, 403, 405, 401, 415, 403])
  })

  it('tells the audit who was refused, as soon as it knows', async () => {
    const { endpoint, events } = setUpEndpoint({ grant: () => null })
    await endpoint.fetch(asking({ headers: { Authorization: null, Origin: pageOrigin } }), { address: null })
    await endpoint.fetch(asking(), peer)
    const event = { type: 'issue_refused', at: start, fault: null }
    expect(events).toEqual([
      { ...event, code: 'credential_missing', subject: null, clientAddress: null, origin: pageOrigin },
      {
        ...event,
        code: 'grant_denied',
        subject: 'https://issuer.example#alice',
        clientAddress: '192.0.2.7',
        origin: null,
      },
    ])
  })

  it('answers an adapter with the same as a server of the web standard', async () => {
    const { endpoint } = setUpEndpoint()
    const { status, headers, body } = await endpoint.answer(asking({ method: 'GET' }), peer)
    const response = await endpoint.fetch(asking({ method: 'GET' }), peer)
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(body)
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value)
  })

  it('counts a lifetime of less than a second as none in seconds, and rounds down', async () => {
    const { endpoint } = setUpEndpoint({
      authenticate: async () => ({ issuer: 'i', subject: 's', expiresAt: at(start + 999), claims: {} }),
    })
    const response = await endpoint.fetch(asking(), peer)
    expect(await response.json()).toMatchObject({ expires_in: 0, session_expires_in: 0 })
  })
})

describe('the options of the ticket endpoint', () => {
  it.each([
    ['origins', { origins: ['*'] }],
    ['origins', { origins: ['https://app.example/'] }],
    ['origins', { origins: undefined }],
    ['trustedProxies', { trustedProxies: ['everywhere'] }],
  ])('name %s where it cannot be', (option, changes) => {
    expect(() => setUpEndpoint(changes as never)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    )
  })
})
