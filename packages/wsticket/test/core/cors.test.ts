import { describe, expect, it } from 'vitest'
import { hostileOrigins } from 'wsticket-corpus/hostile-origins'
import { pageOrigin } from './fixtures.ts'
import { asking, peer, setUpEndpoint, statusOf } from './ticket-requests.ts'

describe('CORS at the ticket endpoint', () => {
  it('lets a page of a listed origin read every answer', async () => {
    const { endpoint } = setUpEndpoint()
    for (const request of [
      asking({ headers: { Origin: pageOrigin } }),
      asking({ method: 'PUT', headers: { Origin: pageOrigin } }),
    ]) {
      const { headers } = await endpoint.fetch(request, peer)
      expect(headers.get('access-control-allow-origin')).toBe(pageOrigin)
      expect(headers.get('access-control-expose-headers')).toBe('Retry-After, WWW-Authenticate')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('vary')).toBe('Origin')
    }
  })

  it('answers the preflight of a page of a listed origin, without a credential', async () => {
    const { endpoint, events } = setUpEndpoint()
    const preflight = asking({
      method: 'OPTIONS',
      headers: {
        Authorization: null,
        Origin: pageOrigin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization, content-type',
      },
    })
    const response = await endpoint.fetch(preflight, peer)
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
    expect(response.headers.get('access-control-allow-origin')).toBe(pageOrigin)
    expect(response.headers.get('access-control-allow-methods')).toBe('POST')
    expect(response.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type')
    expect(response.headers.get('access-control-max-age')).toBe('600')
    expect(events).toEqual([])
  })

  it('lets pages send their cookie only where the operator says so', async () => {
    const { endpoint } = setUpEndpoint({ corsCredentials: 'include' })
    for (const method of ['POST', 'OPTIONS']) {
      const { headers } = await endpoint.fetch(asking({ method, headers: { Origin: pageOrigin } }), peer)
      expect(headers.get('access-control-allow-credentials')).toBe('true')
      expect(headers.get('access-control-allow-origin')).toBe(pageOrigin)
    }
  })

  it('reflects none of the hostile origins, in an answer or in a preflight, and issues nothing for them', async () => {
    const sendable = hostileOrigins.filter((origin) => /^[!-~](?:[ -~]*[!-~])?$/.test(origin))
    expect(sendable.length).toBeGreaterThanOrEqual(30)
    const { endpoint } = setUpEndpoint({ corsCredentials: 'include', origins: [pageOrigin, 'http://localhost:3000'] })
    for (const origin of sendable) {
      for (const method of ['POST', 'OPTIONS']) {
        const response = await endpoint.fetch(asking({ method, headers: { Origin: origin } }), peer)
        expect(response.status, origin).toBe(403)
        const names = [...response.headers.keys()].filter((name) => name.startsWith('access-control-'))
        expect(names, origin).toEqual([])
        expect(response.headers.get('vary')).toBe('Origin')
      }
    }
  })

  it('refuses an origin that came twice', async () => {
    const request = asking({ headers: { Origin: pageOrigin } })
    request.headers.append('Origin', pageOrigin)
    expect(await statusOf(request)).toBe(403)
  })
})
