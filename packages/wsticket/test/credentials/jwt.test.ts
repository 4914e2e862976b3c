import { constants, generateKeyPairSync, sign } from 'node:crypto'
import type { JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, type EpochMs } from 'wsticket'
import { createJwtAuthenticator, type JwtOptions } from 'wsticket/credentials/jwt'
import {
  audience,
  createSigner,
  goodClaims,
  issuer,
  keySetOf,
  now,
  tokenOf,
  withSignature,
} from 'wsticket-corpus/forge'
import { forgeriesAgainst } from 'wsticket-corpus/forged-tokens'
import { createKeyServer } from './key-server.ts'

const signer = createSigner('signer')
const options: JwtOptions = {
  issuer,
  audience,
  keys: keySetOf(signer),
  algorithms: ['ES256'],
  clock: () => (now * 1000) as EpochMs,
}
const authenticate = createJwtAuthenticator(options)

function requestWith(authorization: string | null): Request {
  return new Request('http://localhost/tickets', { headers: authorization === null ? {} : { authorization } })
}

function bearing(token: string): Request {
  return requestWith(`Bearer ${token}`)
}

describe('a good token', () => {
  it('becomes an identity', async () => {
    const identity = await authenticate(bearing(tokenOf(signer, { plan: 'pro' })))
    const claims = { ...goodClaims, plan: 'pro' }
    expect(identity).toEqual({ issuer, subject: 'alice', expiresAt: (now + 300) * 1000, claims })
  })

  it.each<[string, object, object?]>([
    ['names several audiences', { aud: ['https://other.example', audience] }],
    ['ends within a second, as a fraction', { exp: now + 0.5 }],
    ['ended less than the tolerance ago', { exp: now - 0.5 }],
    ['begins within the tolerance', { nbf: now + 1 }],
    ['has no iat', { iat: undefined }],
    ['spells its type in capitals', {}, { typ: 'AT+JWT' }],
    ['spells its type in full', {}, { typ: 'application/at+jwt' }],
    ['names no key where there is but one', {}, { kid: undefined }],
    ['says more than it must', { __proto__x: 1, nested: { deep: [1, { a: null }] } }],
  ])('may be one that %s', async (_, claims, header) => {
    expect(await authenticate(bearing(tokenOf(signer, claims, header)))).toMatchObject({ subject: 'alice' })
  })

  it('has its end rounded down to whole milliseconds', async () => {
    const identity = await authenticate(bearing(tokenOf(signer, { exp: now + 1.2345678 })))
    expect(identity).toMatchObject({ expiresAt: now * 1000 + 1234 })
  })

  it.each(['bearer', 'BEARER', 'Bearer  '])('may follow "%s"', async (scheme) => {
    expect(await authenticate(requestWith(`${scheme} ${tokenOf(signer)}`))).toMatchObject({ subject: 'alice' })
  })

  it('ends when the clock says so', async () => {
    const token = tokenOf(signer)
    const at = (seconds: number) => createJwtAuthenticator({ ...options, clock: () => (seconds * 1000) as EpochMs })
    expect(await at(now + 300)(bearing(token))).toMatchObject({ subject: 'alice' })
    expect(await at(now + 301)(bearing(token))).toBe('credential_expired')
  })
})

describe('the list of algorithms', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keys = { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa' } as JWK] }
  const padding = { RS256: constants.RSA_PKCS1_PADDING, PS256: constants.RSA_PKCS1_PSS_PADDING }
  const tokenBy = (alg: 'RS256' | 'PS256') =>
    withSignature({ alg, typ: 'at+jwt', kid: 'rsa' }, goodClaims, (input) =>
      sign('sha256', Buffer.from(input), { key: rsa.privateKey, padding: padding[alg], saltLength: 32 }),
    )

  it.each<[readonly string[], 'RS256' | 'PS256', boolean]>([
    [['RS256'], 'RS256', true],
    [['PS256'], 'PS256', true],
    [['ES256', 'PS256'], 'PS256', true],
    [['RS256'], 'PS256', false],
    [['PS256'], 'RS256', false],
    [['ES256'], 'RS256', false],
  ])('%j with a good signature by %s: %s', async (algorithms, alg, isAccepted) => {
    const outcome = await createJwtAuthenticator({ ...options, keys, algorithms })(bearing(tokenBy(alg)))
    expect(outcome === 'credential_invalid').toBe(!isAccepted)
    if (isAccepted) expect(outcome).toMatchObject({ subject: 'alice' })
  })
})

describe('a forged token', async () => {
  const trap = await createKeyServer()
  const forgeries = forgeriesAgainst(signer, trap.url.href)

  it('comes in more than 150 kinds, each with a name of its own', () => {
    expect(forgeries.length).toBeGreaterThan(150)
    expect(new Set(forgeries.map(([description]) => description)).size).toBe(forgeries.length)
  })

  // The token itself is not among the arguments: a title would show it.
  it.each(forgeries.map(([description, , refusal], at) => [description, refusal, at] as const))(
    'with %s is refused as %s',
    async (_, refusal, at) => {
      const [, token] = forgeries[at] as (typeof forgeries)[number]
      expect(await authenticate(bearing(token))).toBe(refusal)
    },
  )

  it('makes nobody ask the server that it names', async () => {
    expect(trap.hits).toBe(0)
    await trap.close()
  })
})

describe('a request', () => {
  it.each([
    [null, 'credential_missing'],
    ['Basic YTpi', 'credential_missing'],
    ['Ticket abc', 'credential_missing'],
    ['Bearertoken', 'credential_missing'],
    ['Bearer', 'credential_malformed'],
    ['Bearer a b', 'credential_malformed'],
    ['Bearer "a"', 'credential_malformed'],
    ['Bearer a, Bearer a', 'credential_malformed'],
    ['Bearer \u00e9', 'credential_malformed'],
  ])('with %j is refused as %s', async (authorization, refusal) => {
    expect(await authenticate(requestWith(authorization))).toBe(refusal)
  })
})

describe('the options', () => {
  it.each<[string, Partial<JwtOptions> & { [option: string]: unknown }]>([
    ['algorithms', { algorithms: [] }],
    ['algorithms', { algorithms: ['HS256'] }],
    ['algorithms', { algorithms: ['ES256', 'HS512'] }],
    ['algorithms', { algorithms: ['none'] }],
    ['algorithms', { algorithms: ['ES256', 'none'] }],
    ['algorithms', { algorithms: ['dir'] }],
    ['algorithms', { algorithms: ['es256'] }],
    ['algorithms', { algorithms: ['ES256 '] }],
    ['algorithms', { algorithms: 'ES256' as never }],
    ['algorithms', { algorithms: undefined as never }],
    ['issuer', { issuer: '' }],
    ['issuer', { issuer: undefined as never }],
    ['issuer', { issuer: `${issuer}#a` }],
    ['audience', { audience: '' }],
    ['audience', { audience: [audience] as never }],
    ['type', { type: '' }],
    ['clockToleranceMs', { clockToleranceMs: -1 }],
    ['clockToleranceMs', { clockToleranceMs: Number.NaN }],
    ['clockToleranceMs', { clockToleranceMs: Number.POSITIVE_INFINITY }],
    ['clockToleranceMs', { clockToleranceMs: 300_001 }],
    ['keysCooldownMs', { keysCooldownMs: -1 }],
    ['keysCooldownMs', { keysCooldownMs: Number.NaN }],
    ['keys', { keys: undefined as never }],
    ['keys', { keys: 'https://issuer.example/jwks' as never }],
    ['keys', { keys: {} as never }],
    ['keys', { keys: { keys: {} } as never }],
    ['keys', { keys: new URL('http://issuer.example/jwks') }],
    ['keys', { keys: new URL('http://localhost.evil.example/jwks') }],
    ['keys', { keys: new URL('http://127.0.0.1.evil.example/jwks') }],
    ['keys', { keys: new URL('http://10.0.0.1/jwks') }],
    ['keys', { keys: new URL('ftp://127.0.0.1/jwks') }],
    ['keys', { keys: new URL('data:application/json,{"keys":[]}') }],
    ['keys', { keys: new URL('file:///etc/jwks.json') }],
  ])('are refused where %s is %o', (option, wrong) => {
    const create = () => createJwtAuthenticator({ ...options, ...wrong } as JwtOptions)
    expect(create).toThrow(ConfigurationError)
    expect(create).toThrow(new RegExp(`^${option} `))
  })

  it.each(['http://127.0.0.1/jwks', 'http://[::1]:8080/jwks', 'http://localhost/jwks', 'https://issuer.example/jwks'])(
    'take keys from %s',
    (url) => {
      expect(createJwtAuthenticator({ ...options, keys: new URL(url) })).toBeTypeOf('function')
    },
  )

  it('take a type of token other than that of RFC 9068', async () => {
    const plain = createJwtAuthenticator({ ...options, type: 'JWT' })
    expect(await plain(bearing(tokenOf(signer, {}, { typ: 'JWT' })))).toMatchObject({ subject: 'alice' })
    expect(await plain(bearing(tokenOf(signer)))).toBe('credential_invalid')
  })
})
