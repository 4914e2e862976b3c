/**
 * Class C1: tokens that nobody may have a ticket for (RFC 8725 section 2), and a few good ones.
 * @module
 */
import type { CredentialRefusal } from 'wsticket'
import type { CorpusCase, CorpusClass } from '../corpus-class.ts'
import { audience, createSigner, goodClaims, now, signed, tokenOf } from '../forge.ts'
import { forgeriesAgainst } from '../forged-tokens.ts'

/** A token, and what an authenticator says of it. */
export interface CredentialCase extends CorpusCase {
  readonly token: string
  readonly verdict: 'accepted' | CredentialRefusal
}

/** Whose key is the right one. */
export const signer: ReturnType<typeof createSigner> = createSigner('signer')

/** A URL that forged tokens name. Nobody may ask it. */
const trap = 'https://trap.example/keys'

const good: readonly (readonly [name: string, token: string])[] = [
  ['a good one', tokenOf(signer)],
  ['a good one for several audiences', tokenOf(signer, { aud: ['https://other.example', audience] })],
  ['a good one that ends in a second', tokenOf(signer, { exp: now + 1 })],
  ['a good one that began now', tokenOf(signer, { nbf: now })],
  ['a good one with its type in full', tokenOf(signer, {}, { typ: 'application/at+jwt' })],
  ['a good one that names no key', tokenOf(signer, {}, { kid: undefined })],
  ['a good one with spaces in its header', signed(signer, '{ "alg": "ES256", "typ": "at+jwt" }', goodClaims)],
  ['a good one with a member more', tokenOf(signer, { nested: { deep: [1, { a: null }] } })],
]

/** Tokens that nobody may have a ticket for. */
export const forgedCredentials: CorpusClass<CredentialCase> = {
  name: 'forged-credentials',
  contents:
    'no signature, HMAC with the public key, keys and key ids of their own, broken signatures, other algorithms, types and claims, broken JSON, duplicate members',
  playedOn: '`createJwtAuthenticator`; `POST /tickets` through the adapter `node` and the gateway',
  good: ['accepted'],
  cases: [
    ...good.map(([name, token]) => ({ name, token, verdict: 'accepted' as const })),
    ...forgeriesAgainst(signer, trap).map(([name, token, verdict]) => ({ name, token, verdict })),
  ],
}
