/**
 * An identity provider that says where its keys are, and signs tokens.
 * @module
 */
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** @import { AddressInfo } from 'node:net' */

export const tokenAudience = 'https://api.example'

export async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'load', alg: 'ES256' }] }
  const server = createServer((request, response) => {
    const metadata = { issuer: url, jwks_uri: `${url}/keys` }
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(request.url === '/keys' ? keys : metadata))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)))
  const url = `http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}`
  return {
    url,
    /** A token that is good for an hour. @param {string} subject */
    token: (subject) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: 'load', typ: 'at+jwt' })
        .setIssuer(url)
        .setAudience(tokenAudience)
        .setSubject(subject)
        .setExpirationTime('1h')
        .sign(privateKey),
    stop: () => server.close(),
  }
}
