/**
 * Who is signed in on this page.
 * @module
 */
import { requestToken } from './api.ts'
import { readClaims, type TokenClaims } from './token.ts'

/** A name and its token. The token is held here, and shown nowhere in full. */
export interface Session {
  readonly name: string
  readonly token: string
  readonly claims: TokenClaims
}

/**
 * Signs in at the development identity provider.
 * @throws Error with a sentence for the user
 */
export async function signIn(name: string): Promise<Session> {
  const token = await requestToken(name)
  return { name, token, claims: readClaims(token) }
}
