/**
 * What a page shows to the ticket endpoint, and what the endpoint thinks of it.
 * @module
 */
import type { CredentialRefusal, Identity } from 'wsticket'

const identity: Identity = { issuer: 'https://id.example', subject: 'alice', expiresAt: null, claims: {} }

/** Credentials of which the last one is good, until it is revoked. */
export function createCredentials() {
  let count = 1
  let isRevoked = false
  let fails = false
  const current = () => `credential-${count}`
  return {
    current,
    failOnce() {
      fails = true
    },
    revoke() {
      isRevoked = true
    },
    renew() {
      count++
      isRevoked = false
    },
    async authenticate({ headers }: Request): Promise<Identity | CredentialRefusal> {
      const failsNow = fails
      fails = false
      if (failsNow) throw new Error('the source of the keys is away')
      return !isRevoked && headers.get('authorization') === `Bearer ${current()}` ? identity : 'credential_invalid'
    },
  }
}
