// The token that both issue subjects verify: ES256, a given key set.
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export const issuer = 'https://id.example'
export const audience = 'https://api.example'
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
export const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' }] }

/** An access token of alice, good for an hour. */
export function signToken() {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('alice')
    .setExpirationTime('1h')
    .sign(privateKey)
}
