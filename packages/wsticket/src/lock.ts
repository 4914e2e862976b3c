/**
 * The lock of a ticket, and the key that opens it: a hash lock in the manner of PKCE S256 (RFC 7636 section 4). Who asks for the
 * ticket names the lock and keeps the key, which travels once, in the opening handshake (protocol.md section 4).
 * @module
 */
import { sha256 } from './digest.ts'
import { type RandomSource, randomText, systemRandom } from './random.ts'
import { hasDigestForm, hasKeyForm, keyPrefix } from './wire.ts'

declare const key: unique symbol
declare const lock: unique symbol

/** What opens a lock: `wsk_` and 43 base64url characters. In memory and on the wire only: never stored, logged or thrown. */
export type Key = string & { readonly [key]: true }

/** SHA-256 of a key's text, 43 base64url characters. Not a secret: it opens nothing. */
export type Lock = string & { readonly [lock]: true }

/**
 * Whether tickets have to be locked.
 * - `optional`: those are whose lock was asked for. Default: not every client can make a lock.
 * - `required`: all of them. On the issuer's side no ticket is issued without a lock, on the verifier's none is admitted.
 */
export type LockPolicy = 'optional' | 'required'

/** Every policy. */
export const lockPolicies: readonly LockPolicy[] = ['optional', 'required']

/**
 * A new key of 256 random bits.
 * @throws ConfigurationError where the source gives another number of bytes.
 */
export function generateKey(random: RandomSource = systemRandom): Key {
  return `${keyPrefix}${randomText(random)}` as Key
}

/** The key that a text spells, or null where it spells none. Does no I/O and never throws. */
export function parseKey(text: string): Key | null {
  return hasKeyForm(text) ? (text as Key) : null
}

/** The lock that a key opens. */
export function lockOfKey(text: Key): Lock {
  return sha256(text) as Lock
}

/** The lock that a text spells, or null where it spells none. */
export function parseLock(text: string): Lock | null {
  return hasDigestForm(text) ? (text as Lock) : null
}
