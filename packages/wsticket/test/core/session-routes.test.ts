import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Subject } from '../../src/credential.ts'
import { createMemoryLimiter } from '../../src/limiters/memory.ts'
import type { Closing } from '../../src/session.ts'
import { createMemorySessionLog } from '../../src/session-logs/memory.ts'
import { createSessions } from '../../src/sessions.ts'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { idOfTicket, type Ticket, type TicketId } from '../../src/ticket.ts'
import { opening, pageOrigin, recordOf, start, ticketOf } from './fixtures.ts'
import { asking, type EndpointChanges, endpointUrl, peer, setUpEndpoint } from './ticket-requests.ts'
import { offering, setUpVerifier } from './verifier.ts'

const clock = () => start
const nowhere = 'A'.repeat(43)

/** An endpoint and a verifier, as on two machines: they share a store and a log. */
function setUp(changes: EndpointChanges = {}, verifying: Parameters<typeof setUpVerifier>[0] = {}) {
  const store = createMemoryStore({ clock })
  const log = createMemorySessionLog({ clock })
  const api = createSessions({ log, clock, pollMs: 10 })
  const sessions = createSessions({ log, clock, pollMs: 10 })
  onTestFinished(() => {
    for (const registry of [api, sessions]) registry.close()
  })
  const { endpoint, events } = setUpEndpoint({ sessions: api, ...changes, issuing: { store, ...changes.issuing } })
  const { admission } = setUpVerifier({ store, sessions, clock, ...verifying })

  async function send(method: string, path: string, name = 'alice', headers = {}) {
    const url = new URL(path, endpointUrl).href
    const response = await endpoint.fetch(
      asking({ url, method, headers: { Authorization: `Bearer ${name}`, ...headers } }),
      peer,
    )
    const text = await response.text()
    return {
      status: response.status,
      body: text === '' ? null : (JSON.parse(text) as object),
      headers: response.headers,
    }
  }
  async function issue(): Promise<{ readonly ticket: Ticket; readonly id: TicketId }> {
    return (await send('POST', '/tickets')).body as never
  }
  /** Opens a session, and says what it is closed with. */
  async function open(ticket: Ticket): Promise<Closing[]> {
    const decision = await admission.admit(offering(ticket))
    if (decision.kind !== 'admitted') throw new TypeError('it should be admitted')
    const closings: Closing[] = []
    decision.attach({ close: (closing) => void closings.push(closing), destroy() {} })
    return closings
  }
  return { send, issue, open, admission, sessions, api, store, events }
}

describe('GET /tickets/{id}', () => {
  it('tells the subject what has become of its ticket', async () => {
    const { send, issue, open } = setUp()
    const { ticket, id } = await issue()
    expect(await send('GET', `/tickets/${id}`)).toMatchObject({
      status: 200,
      body: { id, state: 'pending', reason: null, code: null, action: null },
    })
    await open(ticket)
    expect(await send('GET', `/tickets/${id}`)).toMatchObject({ body: { id, state: 'redeemed', reason: null } })
  })

  it('tells it why the handshake was refused, on whichever node', async () => {
    const { send, issue, admission } = setUp({}, { addressPolicy: 'exact' })
    const { ticket, id } = await issue()
    expect(await admission.admit(offering(ticket, { peerAddress: '198.51.100.1' }))).toMatchObject({ kind: 'refused' })
    expect(await send('GET', `/tickets/${id}`)).toMatchObject({
      body: { id, state: 'refused', reason: 'address_mismatch', code: 'invalid_ticket', action: 'new_ticket' },
    })
  })

  it('tells of a refusal of which only a newer node knows what it means', async () => {
    const { send, issue, sessions, open } = setUp()
    const { ticket, id } = await issue()
    await open(ticket)
    sessions.noteRefusal(id, 'a_row_of_the_next_version' as never)
    expect(await send('GET', `/tickets/${id}`)).toMatchObject({
      status: 200,
      body: { id, state: 'refused', reason: 'a_row_of_the_next_version', code: null, action: null },
    })
  })

  it('is not made to speak of a refusal by whoever shows the spent ticket again', async () => {
    const { send, issue, open, admission } = setUp()
    const { ticket, id } = await issue()
    await open(ticket)
    expect(await admission.admit(offering(ticket))).toMatchObject({ code: 'ticket_spent' })
    expect(await send('GET', `/tickets/${id}`)).toMatchObject({ body: { state: 'redeemed', reason: null } })
  })

  it('says the same of another subject’s ticket as of one that there is not', async () => {
    const { send, issue, events } = setUp()
    const { id } = await issue()
    const others = await send('GET', `/tickets/${id}`, 'bob')
    const none = await send('GET', `/tickets/${nowhere}`, 'bob')
    expect(others.status).toBe(404)
    expect([others.body, [...others.headers]]).toEqual([none.body, [...none.headers]])
    expect(events.at(-1)).toMatchObject({ type: 'issue_refused', code: 'ticket_not_found' })
  })

  it.each(['malformed', 'expired'])('needs a credential: not one that is %s', async (name) => {
    const { send, issue } = setUp()
    expect((await send('GET', `/tickets/${(await issue()).id}`, name)).status).toBe(401)
  })
})

describe('DELETE /tickets/{id}', () => {
  it('voids a ticket that is not spent', async () => {
    const { send, issue, admission } = setUp()
    const { ticket, id } = await issue()
    expect(await send('DELETE', `/tickets/${id}`)).toMatchObject({ status: 204, body: null })
    expect(await admission.admit(offering(ticket))).toMatchObject({ code: 'ticket_revoked' })
    expect(await send('GET', `/tickets/${id}`)).toMatchObject({ body: { state: 'revoked' } })
  })

  it('makes room for another ticket of the subject', async () => {
    const { send, issue } = setUp({ issuing: { ticketsPerSubject: 1 } })
    const { id } = await issue()
    expect((await send('POST', '/tickets')).status).toBe(429)
    await send('DELETE', `/tickets/${id}`)
    expect((await send('POST', '/tickets')).status).toBe(201)
  })

  it('ends the session that it opened, on whichever node', async () => {
    const { send, issue, open, sessions } = setUp()
    const { ticket, id } = await issue()
    const closings = await open(ticket)
    expect((await send('DELETE', `/tickets/${id}`)).status).toBe(204)
    await expect.poll(() => closings).toMatchObject([{ closeCode: 4401, publicCode: 'session_revoked' }])
    expect(sessions.list()).toEqual([])
  })

  it('does nothing to what is another subject’s, and says the same', async () => {
    const { send, issue, open, sessions, admission } = setUp()
    const spent = await issue()
    const closings = await open(spent.ticket)
    const pending = await issue()
    for (const id of [spent.id, pending.id, nowhere])
      expect(await send('DELETE', `/tickets/${id}`, 'bob')).toMatchObject({ status: 204, body: null })
    await sessions.refusalNoted(spent.id)
    expect(closings).toEqual([])
    expect(await admission.admit(offering(pending.ticket))).toMatchObject({ kind: 'admitted' })
  })

  it('says that it could not, where the log cannot be written', async () => {
    const log = { ...createMemorySessionLog({ clock }), append: async () => Promise.reject(new Error('away')) }
    const sessions = createSessions({ log, clock })
    onTestFinished(() => sessions.close())
    const { send, issue } = setUp({ sessions })
    expect((await send('DELETE', `/tickets/${(await issue()).id}`)).status).toBe(503)
  })
})

describe('what a subject changes', () => {
  it('is limited apart from what it asks for: each is an entry in the log', async () => {
    const { send, issue } = setUp({ limits: { changesPerSubject: createMemoryLimiter({ perSecond: 1, burst: 2 }) } })
    expect((await send('DELETE', `/tickets/${nowhere}`)).status).toBe(204)
    expect((await send('POST', `/sessions/${nowhere}/renew`)).status).toBe(404)
    for (const [method, path] of [
      ['DELETE', `/tickets/${nowhere}`],
      ['POST', `/sessions/${nowhere}/renew`],
    ] as const) {
      const { status, headers } = await send(method, path)
      expect([status, headers.get('Retry-After')]).toEqual([429, '1'])
    }
    expect((await send('DELETE', `/tickets/${nowhere}`, 'bob')).status).toBe(204)
    expect((await send('GET', `/tickets/${(await issue()).id}`)).status).toBe(200)
  })
})

describe('POST /sessions/{id}/renew', () => {
  const untilLater = { issuing: { sessionLifetimeMs: 60_000 } }

  it('moves the end of a live session on whichever node, for a credential of its subject and no other', async () => {
    const { send, issue, open, sessions } = setUp(untilLater)
    const { ticket, id } = await issue()
    await open(ticket)
    const before = sessions.list()[0]?.endsAt
    expect(await send('POST', `/sessions/${id}/renew`)).toMatchObject({ status: 200, body: { session_expires_in: 60 } })
    expect((await send('POST', `/sessions/${id}/renew`, 'bob')).status).toBe(404)
    expect(before).toBe(start + 60_000)
  })

  it('goes as far as the credential, and what the operator grants', async () => {
    const authenticate = async () => ({
      issuer: 'https://issuer.example',
      subject: 'alice',
      expiresAt: start + 90_000,
      claims: {},
    })
    const { send, issue, open, sessions } = setUp({ authenticate })
    const { ticket, id } = await issue()
    await open(ticket)
    expect((await send('POST', `/sessions/${id}/renew`)).body).toEqual({ session_expires_in: 90 })
    expect(sessions.list()[0]?.endsAt).toBe(start + 90_000)
    const granting = setUp({ authenticate, renewal: () => ({ sessionLifetimeMs: 20_000 }) })
    const issued = await granting.issue()
    await granting.open(issued.ticket)
    expect((await granting.send('POST', `/sessions/${issued.id}/renew`)).body).toEqual({ session_expires_in: 20 })
  })

  it('is refused by the operator, or by a hook that throws', async () => {
    const { send } = setUp({ renewal: () => null })
    expect(await send('POST', `/sessions/${nowhere}/renew`)).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    const broken = setUp({ renewal: () => Promise.reject(new Error('hook')) })
    expect((await broken.send('POST', `/sessions/${nowhere}/renew`)).status).toBe(503)
  })

  it('finds nothing where there is no such session, nor any place for it without a registry', async () => {
    const { send, events } = setUp()
    expect((await send('POST', `/sessions/${nowhere}/renew`)).status).toBe(404)
    expect(events.at(-1)).toMatchObject({
      code: 'session_not_found',
      subject: 'https://issuer.example#alice' as Subject,
    })
    const { endpoint } = setUpEndpoint()
    const url = new URL(`/sessions/${nowhere}/renew`, endpointUrl).href
    expect((await endpoint.fetch(asking({ url }), peer)).status).toBe(404)
  })
})

describe('the places of the endpoint', () => {
  it.each([
    ['/tickets', 'PUT', 'POST, OPTIONS'],
    [`/tickets/${nowhere}`, 'POST', 'GET, DELETE, OPTIONS'],
    [`/sessions/${nowhere}/renew`, 'GET', 'POST, OPTIONS'],
  ])('%s does not take %s, and says what it takes, to a page as well', async (path, method, allow) => {
    const { send } = setUp()
    const refused = await send(method, path)
    expect(refused.status).toBe(405)
    expect(refused.headers.get('allow')).toBe(allow)
    const asked = await send('OPTIONS', path, 'alice', { Origin: pageOrigin })
    expect(asked.status).toBe(204)
    expect(`${asked.headers.get('access-control-allow-methods')}, OPTIONS`).toBe(allow)
  })

  it.each([
    '/tickets/',
    '/tickets/x',
    `/tickets/${nowhere}/`,
    `/tickets/${nowhere}x`,
    '/sessions',
    '/sessions//renew',
    `/sessions/${nowhere}`,
    `/sessions/${nowhere}/renew/`,
  ])('%s is none', async (path) => {
    expect((await setUp().send('GET', path)).status).toBe(404)
  })

  it('ask a page for its origin', async () => {
    const { send } = setUp()
    for (const method of ['GET', 'DELETE'])
      expect((await send(method, `/tickets/${nowhere}`, 'alice', { Origin: 'https://evil.example' })).status).toBe(403)
  })

  it('issue nothing while the process drains, and still end what there is', async () => {
    const { send, api } = setUp()
    await api.drain()
    expect(await send('POST', '/tickets')).toMatchObject({ status: 503, body: { code: 'restarting' } })
    expect((await send('DELETE', `/tickets/${nowhere}`)).status).toBe(204)
  })
})

describe('a spent ticket that is shown again', () => {
  it.each([
    ['report', 0],
    ['end_session', 1],
  ] as const)('with %s ends so many sessions: %i', async (reuse, ended) => {
    const { issue, open, admission } = setUp({}, { reuse })
    const { ticket } = await issue()
    const closings = await open(ticket)
    expect(await admission.admit(offering(ticket))).toMatchObject({ code: 'ticket_spent' })
    await admission.admit(opening())
    expect(closings).toHaveLength(ended)
  })

  it('ends nothing where it was never spent', async () => {
    const { open, issue, admission } = setUp({}, { reuse: 'end_session' })
    const closings = await open((await issue()).ticket)
    await admission.admit(offering(ticketOf(99)))
    expect(closings).toEqual([])
  })

  it('is alone in ending something: another refusal revokes nothing', async () => {
    const { admission, store, sessions } = setUp({}, { reuse: 'end_session' })
    const revoke = vi.spyOn(sessions, 'revoke')
    await store.insert(recordOf(ticketOf(98), { audience: 'elsewhere' }))
    for (const code of ['audience_mismatch', 'ticket_spent'])
      expect(await admission.admit(offering(ticketOf(98)))).toMatchObject({ code })
    expect(revoke.mock.calls).toEqual([[{ kind: 'session', id: idOfTicket(ticketOf(98)), subject: null }]])
  })
})
