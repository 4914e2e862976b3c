/**
 * Makes tokens, right and forged. They are built part by part, so that none ever stands in a source.
 * @module
 */
import {
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
} from 'node:crypto'
import type { JSONWebKeySet, JWK } from 'jose'

/** A key pair, and how it is published. */
export interface Signer {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: JWK
}

/** JSON, or the text of a segment as it shall be. */
export type Part = object | string

export const issuer = 'https://issuer.example'
export const audience = 'https://api.example'
export const now = 1_800_000_000

/** What a good token says. */
export const goodClaims: { readonly [claim: string]: string | number } = {
  iss: issuer,
  aud: audience,
  sub: 'alice',
  exp: now + 300,
  iat: now,
}

/** The P-256 key pair of a name: the same on every run. */
export function createSigner(kid: string): Signer {
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(createHash('sha256').update(kid).digest())
  const point = pair.getPublicKey()
  const [d, x, y] = [pair.getPrivateKey(), point.subarray(1, 33), point.subarray(33)].map((bytes) =>
    bytes.toString('base64url'),
  ) as [string, string, string]
  const privateKey = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', d, x, y }, format: 'jwk' })
  const publicKey = createPublicKey(privateKey)
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } as JWK
  return { kid, privateKey, publicKey, jwk }
}

/** The key set of signers. */
export function keySetOf(...signers: readonly Signer[]): JSONWebKeySet {
  return { keys: signers.map(({ jwk }) => jwk) }
}

/** The header of a good token. */
export function goodHeader({ kid }: Signer): { readonly [parameter: string]: unknown } {
  return { alg: 'ES256', typ: 'at+jwt', kid }
}

export function base64url(bytes: string | Uint8Array): string {
  return Buffer.from(bytes as never).toString('base64url')
}

/** One segment: the JSON of an object, or exactly this text. */
export function segment(part: Part): string {
  return base64url(typeof part === 'string' ? part : JSON.stringify(part))
}

/** ES256 as RFC 7518 section 3.4 has it: r and s, 32 bytes each. */
export function ecdsa({ privateKey }: Signer, input: string): Buffer {
  return sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
}

/** A token of this header and these claims, signed with the key, whatever the header says. */
export function signed(signer: Signer, header: Part, claims: Part): string {
  const input = `${segment(header)}.${segment(claims)}`
  return `${input}.${base64url(ecdsa(signer, input))}`
}

/** A good token, but for these claims; undefined leaves one out. */
export function tokenOf(signer: Signer, claims: object = {}, header: object = {}): string {
  return signed(signer, { ...goodHeader(signer), ...header }, { ...goodClaims, ...claims })
}

/** A token with this signature. */
export function withSignature(header: Part, claims: Part, signature: (input: string) => string | Uint8Array): string {
  const input = `${segment(header)}.${segment(claims)}`
  return `${input}.${base64url(signature(input))}`
}

/** HMAC with a key that is no secret. */
export function hmac(algorithm: string, key: string | Uint8Array): (input: string) => Uint8Array {
  return (input) => createHmac(algorithm.replace('HS', 'sha'), key).update(input).digest()
}
