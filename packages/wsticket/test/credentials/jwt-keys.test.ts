import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createIssuer, createTicketEndpoint, type EpochMs } from 'wsticket'
import { createJwtAuthenticator, type JwtOptions } from 'wsticket/credentials/jwt'
import { createMemoryStore } from 'wsticket/stores/memory'
import {
  audience,
  createSigner,
  goodClaims,
  goodHeader,
  hmac,
  issuer,
  keySetOf,
  now,
  tokenOf,
  withSignature,
} from 'wsticket-corpus/forge'
import { createKeyServer, type KeyServer } from './key-server.ts'

const [first, second] = [createSigner('first'), createSigner('second')]
const cooldownMs = 30_000
let server: KeyServer

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  server = await createKeyServer()
  server.publish(keySetOf(first))
})

afterEach(async () => {
  vi.useRealTimers()
  await server.close()
})

function authenticator(others: Partial<JwtOptions> = {}) {
  const clock = () => (now * 1000) as EpochMs
  return createJwtAuthenticator({ issuer, audience, keys: server.url, algorithms: ['ES256'], clock, ...others })
}

function bearing(token: string): Request {
  return new Request('http://localhost/tickets', { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

/** Lets time pass for the cache of the keys. */
function pass(durationMs: number): void {
  vi.setSystemTime(Date.now() + durationMs)
}

const good = { subject: 'alice' }

describe('keys at a URL', () => {
  it('are not fetched before a token needs them, and then once', async () => {
    const authenticate = authenticator()
    expect(server.hits).toBe(0)
    await Promise.all(Array.from({ length: 20 }, () => authenticate(bearing(tokenOf(first)))))
    expect(await authenticate(bearing(tokenOf(first)))).toMatchObject(good)
    expect(server.hits).toBe(1)
  })

  it('are not fetched for what is no token', async () => {
    expect(await authenticator()(bearing('a.b.c'))).toBe('credential_malformed')
    expect(await authenticator()(bearing(tokenOf(first, {}, { alg: 'none' })))).toBe('credential_invalid')
    expect(server.hits).toBe(0)
  })

  it('are fetched again when a token names a new one', async () => {
    const authenticate = authenticator()
    await authenticate(bearing(tokenOf(first)))
    server.publish(keySetOf(second))
    expect(await authenticate(bearing(tokenOf(second)))).toBe('credential_invalid')
    pass(cooldownMs)
    expect(await authenticate(bearing(tokenOf(second)))).toMatchObject(good)
    expect(await authenticate(bearing(tokenOf(first)))).toBe('credential_invalid')
    expect(server.hits).toBe(2)
  })

  it('are fetched again as soon as the cooldown that was asked for is over', async () => {
    const authenticate = authenticator({ keysCooldownMs: 1000 })
    await authenticate(bearing(tokenOf(first)))
    server.publish(keySetOf(first, second))
    pass(999)
    expect(await authenticate(bearing(tokenOf(second)))).toBe('credential_invalid')
    pass(1)
    expect(await authenticate(bearing(tokenOf(second)))).toMatchObject(good)
    expect(await authenticate(bearing(tokenOf(first)))).toMatchObject(good)
  })

  it('are fetched at most once more for a flood of unknown keys', async () => {
    const authenticate = authenticator()
    await authenticate(bearing(tokenOf(first)))
    const flood = (from: number) =>
      Array.from({ length: 100 }, (_, at) =>
        authenticate(bearing(tokenOf(second, {}, { kid: `unknown-${from + at}` }))),
      )
    expect(new Set(await Promise.all(flood(0)))).toEqual(new Set(['credential_invalid']))
    expect(server.hits).toBe(1)
    pass(cooldownMs)
    await Promise.all(flood(100))
    for (const outcome of flood(200)) expect(await outcome).toBe('credential_invalid')
    expect(server.hits).toBe(2)
  })

  it('are good for ten minutes without their server, and no longer', async () => {
    const authenticate = authenticator()
    await authenticate(bearing(tokenOf(first)))
    server.answer((_, response) => response.writeHead(500).end())
    pass(599_999)
    expect(await authenticate(bearing(tokenOf(first)))).toMatchObject(good)
    pass(1)
    await expect(authenticate(bearing(tokenOf(first)))).rejects.toThrow()
    server.publish(keySetOf(first))
    expect(await authenticate(bearing(tokenOf(first)))).toMatchObject(good)
  })

  it('are no secrets, whatever their server says', async () => {
    const secret = 'a secret of sorts, and long enough for HS256'
    const oct = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'oct', alg: 'HS256' }
    server.publish({ keys: [oct, first.jwk] })
    const header = { ...goodHeader(first), alg: 'HS256', kid: 'oct' }
    expect(await authenticator()(bearing(withSignature(header, goodClaims, hmac('HS256', secret))))).toBe(
      'credential_invalid',
    )
    const renamed = tokenOf(first, {}, { kid: 'oct' })
    expect(await authenticator()(bearing(renamed))).toBe('credential_invalid')
  })

  it.each([
    ['another use', { use: 'enc' }],
    ['another algorithm', { alg: 'ES384' }],
    ['other operations', { key_ops: ['sign'] }],
  ])('are not taken where they are meant for %s', async (_, members) => {
    server.publish({ keys: [{ ...first.jwk, ...members }] })
    expect(await authenticator()(bearing(tokenOf(first)))).toBe('credential_invalid')
  })
})

const huge = {
  keys: [...keySetOf(first).keys, ...Array.from({ length: 20_000 }, () => ({ kty: 'EC', x: 'x'.repeat(100) }))],
}

/** What a key server in trouble does. */
const troubles: { readonly [trouble: string]: (server: KeyServer) => void } = {
  'answers 500': () => server.answer((_, response) => response.writeHead(500).end()),
  'answers 404': () => server.answer((_, response) => response.writeHead(404).end(JSON.stringify(keySetOf(first)))),
  'answers 204': () => server.answer((_, response) => response.writeHead(204).end()),
  'sends a page instead of keys': () => server.answer((_, response) => response.end('<html>sign in</html>')),
  'sends nothing': () => server.answer((_, response) => response.end()),
  'sends half of it': () =>
    server.answer((_, response) => {
      response.writeHead(200, { 'Content-Length': 1000 }).write('{"keys":[')
      response.destroy()
    }),
  'sends an array': () => server.publish([first.jwk]),
  'sends an object without keys': () => server.publish({}),
  'sends keys that are no list': () => server.publish({ keys: first.jwk }),
  'sends keys that are no objects': () => server.publish({ keys: ['key', 7] }),
  'sends null': () => server.answer((_, response) => response.end('null')),
  'sends megabytes': () => server.publish(huge),
  'closes the connection': () => server.answer((request) => request.socket.destroy()),
  'redirects to where the keys are': () =>
    server.answer(({ url }, response) => {
      if (url === '/jwks') response.writeHead(302, { Location: '/moved' }).end()
      else response.end(JSON.stringify(keySetOf(first)))
    }),
}

describe('a key server that', () => {
  it.each(Object.entries(troubles))('%s is no reason to admit, or to refuse for good', async (_, trouble) => {
    trouble(server)
    await expect(authenticator()(bearing(tokenOf(first)))).rejects.toThrow()
  })

  it('redirects is not followed', async () => {
    troubles['redirects to where the keys are']?.(server)
    await expect(authenticator()(bearing(tokenOf(first)))).rejects.toThrow()
    expect(server.hits).toBe(1)
  })

  it('never answers is given up after five seconds', async () => {
    const patience = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal)
    server.answer(() => patience.abort(new DOMException('too slow', 'TimeoutError')))
    await expect(authenticator()(bearing(tokenOf(first)))).rejects.toThrow()
    expect(timeout).toHaveBeenCalledWith(5000)
  })

  it('dribbles is given up after five seconds', async () => {
    const patience = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal)
    server.answer((_, response) => {
      response.write('{"keys":[')
      setTimeout(() => patience.abort(new DOMException('too slow', 'TimeoutError')), 10)
    })
    await expect(authenticator()(bearing(tokenOf(first)))).rejects.toThrow()
  })

  it('is away leads to 503, and no ticket', async () => {
    await server.close()
    const store = createMemoryStore()
    const insert = vi.spyOn(store, 'insert')
    const endpoint = createTicketEndpoint({
      issuer: createIssuer({ store, audiences: ['chat'] }),
      authenticate: authenticator(),
      origins: [],
    })
    const response = await endpoint.fetch(bearing(tokenOf(first)), { address: '127.0.0.1' })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await response.json()).toMatchObject({ code: 'try_later' })
    expect(insert).not.toHaveBeenCalled()
    server = await createKeyServer()
  })
})

describe('keys that are given', () => {
  it('are never fetched, and stay what they were', async () => {
    const keys = keySetOf(first)
    const authenticate = authenticator({ keys })
    keys.keys.push(...keySetOf(second).keys)
    expect(await authenticate(bearing(tokenOf(first)))).toMatchObject(good)
    expect(await authenticate(bearing(tokenOf(second)))).toBe('credential_invalid')
    expect(server.hits).toBe(0)
  })

  it('may be none, and then nobody is let in', async () => {
    expect(await authenticator({ keys: { keys: [] } })(bearing(tokenOf(first)))).toBe('credential_invalid')
  })

  it('may be several, and a token says which', async () => {
    const authenticate = authenticator({ keys: keySetOf(first, second) })
    expect(await authenticate(bearing(tokenOf(second)))).toMatchObject(good)
    expect(await authenticate(bearing(tokenOf(second, {}, { kid: 'first' })))).toBe('credential_invalid')
    expect(await authenticate(bearing(tokenOf(second, {}, { kid: undefined })))).toBe('credential_invalid')
  })
})
