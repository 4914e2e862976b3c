/**
 * The lock of one ticket, made where its key stays (protocol.md section 4).
 * @module
 */
import { keyPrefix } from '../wire.ts'
import { requireOption } from './requirements.ts'

/** A new key, and the lock that it opens. */
export interface TicketLock {
  /** SHA-256 of the key's text, base64url: what the ticket endpoint is told. Not a secret. */
  readonly lock: string
  /** `wsk_` and 43 base64url characters, in memory only: what the opening handshake shows beside the ticket. */
  readonly key: string
}

const keyBytes = 32

/**
 * Makes a fresh key and its lock, for one ticket.
 *
 * @throws TypeError where there is no `crypto.subtle`: a page has it over TLS or from its own machine only
 */
export async function createLock(): Promise<TicketLock> {
  requireWebCrypto()
  const key = `${keyPrefix}${base64url(crypto.getRandomValues(new Uint8Array(keyBytes)))}`
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))
  return { lock: base64url(new Uint8Array(digest)), key }
}

/**
 * Says early that no lock can be made here.
 *
 * @throws TypeError
 */
export function requireWebCrypto(): void {
  const { crypto } = globalThis as { crypto?: Partial<Crypto> }
  // Secure Contexts section 3.1, Web Cryptography section 10.
  requireOption(
    crypto?.subtle !== undefined,
    'A lock needs crypto.subtle: serve the page over https: or from localhost, or set lock to "off"',
  )
}

/** base64url without padding (RFC 4648 section 5). */
function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
