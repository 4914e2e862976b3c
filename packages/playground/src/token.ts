/**
 * A token as its holder sees it: the claims can be read by anyone, the signature made by the issuer alone.
 * @module
 */

/** The claims of a token (RFC 7519 section 4.1). Times in seconds since the Unix epoch. */
export interface TokenClaims {
  readonly exp: number
  readonly [claim: string]: unknown
}

/**
 * Reads the claims of a JWT. Verifies nothing: that is the server's part.
 * @throws Error for what is no JWT with an expiry
 */
export function readClaims(token: string): TokenClaims {
  const claims: unknown = JSON.parse(decodeBase64Url(token.split('.')[1] ?? ''))
  if (isClaims(claims)) return claims
  throw new Error('The token has no expiry.')
}

/** The same token with a few characters of its signature changed. */
export function forgeSignature(token: string): string {
  const start = token.lastIndexOf('.') + 1
  const signature = token.slice(start)
  const middle = Math.floor(signature.length / 2)
  const changed = Array.from(signature.slice(middle, middle + 4), (character) => (character === 'A' ? 'B' : 'A'))
  return token.slice(0, start) + signature.slice(0, middle) + changed.join('') + signature.slice(middle + 4)
}

function isClaims(value: unknown): value is TokenClaims {
  return typeof value === 'object' && value !== null && typeof (value as { exp?: unknown }).exp === 'number'
}

function decodeBase64Url(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)))
}
