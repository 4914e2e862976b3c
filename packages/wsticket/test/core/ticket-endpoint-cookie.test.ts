import { describe, expect, it } from 'vitest'
import { lockOfKey } from '../../src/lock.ts'
import { parseSetCookie } from '../../src/testing/set-cookie.ts'
import { idOfTicket, parseTicket } from '../../src/ticket.ts'
import type { TicketRequest } from '../../src/ticket-endpoint.ts'
import { keyOf, pageOrigin, start } from './fixtures.ts'
import { asking, askingFor, peer, setUpEndpoint, statusOf } from './ticket-requests.ts'

const cookiePolicy = 'on_request' as const

/** A page that asks for its ticket in a cookie. */
function askingForCookie(members: object = {}, headers: Readonly<Record<string, string | null>> = {}): Request {
  return askingFor(JSON.stringify({ carrier: 'cookie', ...members }), { Origin: pageOrigin, ...headers })
}

describe('a ticket in a cookie', () => {
  it('is set for one host, for as long as it lives, out of reach of scripts, and is not in the body', async () => {
    const { endpoint, store } = setUpEndpoint({ cookiePolicy })
    const response = await endpoint.fetch(askingForCookie(), peer)
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const lines = response.headers.getSetCookie()
    expect(lines).toHaveLength(1)
    const { name, value, attributes } = parseSetCookie(lines[0] ?? '')
    expect(name).toBe('__Host-wsticket')
    expect(attributes).toEqual({ secure: '', httponly: '', samesite: 'Strict', path: '/', 'max-age': '30' })
    const ticket = parseTicket(value)
    if (ticket === null) throw new TypeError('the cookie should hold a ticket')
    const body = await response.text()
    expect(JSON.parse(body)).toEqual({ id: idOfTicket(ticket), expires_in: 30, session_expires_in: null })
    expect(await store.read(idOfTicket(ticket), start)).toMatchObject({ kind: 'pending' })
  })

  it.each([
    [1_999, '1'],
    [59_999, '59'],
    [60_000, '60'],
  ])('that lives %i ms has a Max-Age of %s', async (lifetimeMs, maxAge) => {
    const { endpoint } = setUpEndpoint({ cookiePolicy, issuing: { lifetimeMs } })
    const { headers } = await endpoint.fetch(askingForCookie(), peer)
    expect(parseSetCookie(headers.getSetCookie()[0] ?? '').attributes['max-age']).toBe(maxAge)
  })

  it('may be locked', async () => {
    const { endpoint } = setUpEndpoint({ cookiePolicy, issuing: { lockPolicy: 'required' } })
    expect((await endpoint.fetch(askingForCookie({ lock: lockOfKey(keyOf(1)) }), peer)).status).toBe(201)
    expect((await endpoint.fetch(askingForCookie(), peer)).headers.getSetCookie()).toEqual([])
  })

  it('is given to nobody unless the operator says so, and no ticket is made', async () => {
    const { endpoint, events } = setUpEndpoint()
    const response = await endpoint.fetch(askingForCookie(), peer)
    expect(response.status).toBe(400)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(events).toMatchObject([{ type: 'issue_refused', code: 'request_malformed' }])
  })

  it.each([
    ['no page', null],
    ['a foreign page', 'https://evil.example'],
    ['a page without an origin of its own', 'null'],
  ])('is not given to %s', async (_, Origin) => {
    const { endpoint, events } = setUpEndpoint({ cookiePolicy })
    const response = await endpoint.fetch(askingForCookie({}, { Origin }), peer)
    expect(response.status).toBe(403)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(events).toMatchObject([{ type: 'issue_refused', code: 'origin_forbidden' }])
  })

  it('is given to those alone who ask for it', async () => {
    const { endpoint } = setUpEndpoint({ cookiePolicy })
    for (const request of [asking(), askingFor('{"carrier":null}', { Origin: pageOrigin })]) {
      const response = await endpoint.fetch(request, peer)
      expect(response.headers.getSetCookie()).toEqual([])
      expect(parseTicket(((await response.json()) as { ticket: string }).ticket)).not.toBeNull()
    }
  })

  it('is not set where the request is refused', async () => {
    const { endpoint } = setUpEndpoint({ cookiePolicy, grant: () => null })
    const response = await endpoint.fetch(askingForCookie(), peer)
    expect(response.status).toBe(403)
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it.each(['"subprotocol"', '"Cookie"', '""', 'true', '["cookie"]', '{"name":"cookie"}'])(
    'is asked for by that name and no other: %s is malformed',
    async (carrier) => {
      const request = askingFor(`{"carrier":${carrier}}`, { Origin: pageOrigin })
      expect(await statusOf(request, { cookiePolicy })).toBe(400)
    },
  )

  it('is known to the hook that grants', async () => {
    const asked: TicketRequest['carrier'][] = []
    const grant = (_: object, { carrier }: TicketRequest) => {
      asked.push(carrier)
      return { audience: 'chat' }
    }
    const { endpoint } = setUpEndpoint({ cookiePolicy, grant })
    await endpoint.fetch(askingForCookie(), peer)
    await endpoint.fetch(asking(), peer)
    expect(asked).toEqual(['cookie', null])
  })

  it('is a policy with a name', () => {
    expect(() => setUpEndpoint({ cookiePolicy: true as never })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'cookiePolicy' }),
    )
  })
})
