import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/stores/memory.ts'
import { hostileOrigins } from '../checks/hostile-origins.ts'
import { pageOrigin, start } from './fixtures.ts'
import {
  asking,
  askingFor,
  chunked,
  type EndpointChanges,
  endpointUrl,
  peer,
  setUpEndpoint,
} from './ticket-requests.ts'

const json = { 'Content-Type': 'application/json' }

async function statusOf(request: Request, changes: EndpointChanges = {}): Promise<number> {
  return (await setUpEndpoint(changes).endpoint.fetch(request, peer)).status
}

/** A request as an adapter could make one up: not everything that it can hold can be put into a real one. */
function madeUp(members: object): Request {
  const { headers, method } = asking()
  return { url: endpointUrl, method, headers, body: null, ...members } as unknown as Request
}

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

describe('the body of a request for a ticket', () => {
  it.each([
    ['no body', () => asking()],
    ['no body, and says so', () => asking({ headers: { 'Content-Length': '0' } })],
    ['an empty body', () => asking({ body: '' })],
    ['an empty body of JSON', () => askingFor('')],
    ['an empty body in chunks', () => asking({ body: chunked() })],
    ['an object without members', () => askingFor('{}')],
    ['an audience', () => askingFor('{"audience":"chat"}')],
    ['white space around it', () => askingFor(' \r\n\t{ "audience" : "chat" } ')],
    ['a media type with a charset', () => askingFor('{}', { 'Content-Type': 'application/json; charset=utf-8' })],
    ['a media type in capitals', () => askingFor('{}', { 'Content-Type': 'Application/JSON' })],
    [
      'chunks that part a character',
      () => {
        const bytes = new TextEncoder().encode('{"audience":"chat"}')
        return asking({ headers: json, body: chunked(bytes.slice(0, 5), bytes.slice(5, 6), bytes.slice(6)) })
      },
    ],
    ['4 KiB in chunks', () => asking({ headers: json, body: chunked('{}', ...Array<string>(4094).fill(' ')) })],
    ['a length that is wrong', () => askingFor('{}', { 'Content-Length': '1' })],
  ])('may be %s', async (_, request) => {
    expect(await statusOf(request())).toBe(201)
  })

  it.each([
    ['4,097 bytes', () => askingFor(`{}${' '.repeat(4095)}`)],
    ['4,097 bytes in chunks', () => asking({ headers: json, body: chunked('{}', ...Array<string>(4095).fill(' ')) })],
    ['one chunk of a megabyte', () => asking({ headers: json, body: chunked(new Uint8Array(1_048_576)) })],
    ['a length beyond all bounds', () => askingFor('{}', { 'Content-Length': '999999999999999999999' })],
    ['an endless stream', () => asking({ headers: json, body: endless() })],
  ])('may not be %s', async (_, request) => {
    expect(await statusOf(request())).toBe(413)
  })

  it('is not read on when it is too long', async () => {
    let cancelled = false
    const body = endless(() => {
      cancelled = true
    })
    expect(await statusOf(asking({ headers: json, body }))).toBe(413)
    expect(cancelled).toBe(true)
  })

  it.each([
    '{',
    '{"audience":"chat"',
    '{"audience":"chat"}x',
    '{"audience":"chat"}{"audience":"feed"}',
    "{'audience':'chat'}",
    '{"audience":"chat",}',
    '{audience:"chat"}',
    '// comment\n{}',
    '[]',
    '["chat"]',
    '"chat"',
    'null',
    'true',
    '7',
    'NaN',
    '{"audience":7}',
    '{"audience":""}',
    '{"audience":true}',
    '{"audience":["chat"]}',
    '{"audience":{"name":"chat"}}',
    '{"Audience":"chat"}',
    '{"audience":"chat","admin":true}',
    '{"audience":"chat","__proto__":{"admin":true}}',
    '{"__proto__":{"audience":"chat"}}',
    '{"constructor":{}}',
    '{"":"chat"}',
    `${'['.repeat(2000)}${']'.repeat(2000)}`,
    ' ',
    '\u0000',
  ])('is malformed where it is %j', async (text) => {
    expect(await statusOf(askingFor(text))).toBe(400)
  })

  it.each([
    ['a byte that begins nothing', [0x7b, 0xff, 0x7d]],
    ['half a character at the end', [0x7b, 0x7d, 0xc3]],
    ['a character spelled too long', [0x22, 0xc0, 0xaf, 0x22]],
    ['half a surrogate pair', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('is malformed where it is not UTF-8: %s', async (_, bytes) => {
    const whole = Uint8Array.from(bytes)
    expect(await statusOf(asking({ headers: json, body: whole }))).toBe(400)
    expect(await statusOf(asking({ headers: json, body: chunked(whole.slice(0, 2), whole.slice(2)) }))).toBe(400)
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    'application/jsonp',
    'application/json-patch+json',
    'application/problem+json',
    'application/json, text/plain',
    'text/plain; application/json',
    'application/json\u00a0',
    'json',
    '*/*',
  ])('is of a media type that no form can send, not %s', async (type) => {
    expect(await statusOf(askingFor('{}', { 'Content-Type': type }))).toBe(415)
  })

  it('is unavailable where it breaks off', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.error(new Error('the client is gone'))
      },
    })
    expect(await statusOf(asking({ headers: json, body }))).toBe(503)
  })
})

describe('the URL of a request for a ticket', () => {
  it.each([
    '',
    'tickets',
    '/tickets',
    'not a url',
    'http://',
    'http:tickets',
    '//api.example/tickets',
    '*',
    'http://[',
    'http:///x/tickets',
    'api.example:443',
  ])('is nobody\u2019s where it is %j, and nothing throws', async (url) => {
    expect(await statusOf(madeUp({ url }))).toBe(404)
  })

  it.each(['http://[/tickets', 'http://a:99999/tickets', 'http://a b/tickets', 'http://user:password@a/tickets?x#y'])(
    'is read for its path only: %j',
    async (url) => {
      expect(await statusOf(madeUp({ url }))).toBe(201)
    },
  )
})

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

/** A body of white space without end. */
function endless(cancel: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(0x20)),
    cancel,
  })
}
