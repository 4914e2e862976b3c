/**
 * An identity provider FOR DEVELOPMENT ONLY: it signs in anybody as anybody. Its tokens and its keys are real.
 * @module
 */
import { Hono } from 'hono'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { systemClock } from 'wsticket'
import { z } from 'zod'
import { readJsonBody } from './json-body.ts'

/** What the identity provider is to say of itself. */
export interface IdentityProviderOptions {
  /** Its URL: the `iss` of its tokens. */
  readonly issuer: string
  /** The `aud` of its tokens. */
  readonly tokenAudience: string
}

/** A key pair that lives as long as this process. */
export interface SigningKey {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** What every answer says. */
export const warning = 'FOR DEVELOPMENT ONLY: this identity provider signs in anybody as anybody.'

/** The algorithm of the tokens. */
export const algorithm = 'ES256'

const tokenRequest = z.strictObject({
  subject: z.string().min(1).max(200),
  expires_in: z.number().int().min(1).max(3600).default(300),
})

/** Makes a new key pair. */
export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  const jwk = await exportJWK(publicKey)
  return { privateKey, publicJwk: { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig', alg: algorithm } }
}

/** The routes of the identity provider, below its URL: `/token`, `/jwks.json` and the discovery document. */
export function createIdentityProvider(key: SigningKey, { issuer, tokenAudience }: IdentityProviderOptions): Hono {
  const routes = new Hono()
  routes.post('/token', async (context) => {
    const read = await readJsonBody(context.req, tokenRequest)
    if (read instanceof Response) return read
    const { subject, expires_in } = read.body
    const access_token = await sign(key, { issuer, tokenAudience, subject, lifetimeSeconds: expires_in })
    return context.json({ access_token, token_type: 'Bearer', expires_in, warning })
  })
  routes.get('/jwks.json', (context) => context.json({ keys: [key.publicJwk] }))
  routes.get('/.well-known/openid-configuration', (context) =>
    context.json({
      issuer,
      jwks_uri: `${issuer}/jwks.json`,
      token_endpoint: `${issuer}/token`,
      response_types_supported: ['none'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [algorithm],
    }),
  )
  return routes
}

interface TokenContents extends IdentityProviderOptions {
  readonly subject: string
  readonly lifetimeSeconds: number
}

function sign({ privateKey, publicJwk }: SigningKey, contents: TokenContents): Promise<string> {
  const { issuer, tokenAudience, subject, lifetimeSeconds } = contents
  // RFC 7519 section 2 counts seconds. The end is rounded up: a token is never good for less than was asked.
  const now = systemClock() / 1000
  return new SignJWT()
    .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: publicJwk.kid as string })
    .setIssuer(issuer)
    .setSubject(subject)
    .setAudience(tokenAudience)
    .setIssuedAt(Math.floor(now))
    .setExpirationTime(Math.ceil(now) + lifetimeSeconds)
    .setJti(crypto.randomUUID())
    .sign(privateKey)
}
