/**
 * Port: how the credential of an HTTP request becomes an identity. Implementations stand in `credentials/`; an operator's own
 * function is one, too.
 * @module
 */
import { ConfigurationError } from './errors.ts'

declare const subject: unique symbol

/** Who a ticket is for: issuer, `#`, and the issuer's own name for the subject. Two issuers never share a subject. */
export type Subject = string & { readonly [subject]: true }

/** Who is asking, as the credential proves it. */
export interface Identity {
  /** Who vouches for the subject: the `iss` of a token, or a name of the operator's own. Has no `#`. */
  readonly issuer: string
  /** The issuer's stable name for the subject: the `sub` of a token. Never an e-mail address or a display name. */
  readonly subject: string
  /** When the credential ends, in milliseconds since the Unix epoch; null where it does not. No ticket and no session outlives it. */
  readonly expiresAt: number | null
  /** What else the credential says. Reaches the `grant` hook, and nothing beyond it. */
  readonly claims: { readonly [claim: string]: unknown }
}

/** Why a credential is no good. Rows of `issueRefusals`. */
export type CredentialRefusal =
  | 'credential_missing'
  | 'credential_malformed'
  | 'credential_invalid'
  | 'credential_expired'

/**
 * Verifies the credential of a request.
 *
 * MUST return an identity only for a credential that it verified in full. MUST return a {@link CredentialRefusal} for one
 * that is absent or no good. MUST throw where it cannot tell (its key source is away): the request is then refused with 503.
 * MUST NOT put the credential into an error.
 */
export type Authenticate = (request: Request) => Promise<Identity | CredentialRefusal>

/** Whether a text has the form of a subject: an issuer, `#`, a name, and no control character. */
export function hasSubjectForm(text: string): boolean {
  const mark = text.indexOf('#')
  return mark > 0 && mark < text.length - 1 && !controlCharacter.test(text) && text.isWellFormed()
}

const longestSubject = 1024

/**
 * The subject that an identity names.
 * @throws ConfigurationError where issuer or subject is empty, has a control character, or cannot be told apart from another.
 */
export function subjectOf(identity: Identity): Subject {
  requireName('identity.issuer', identity.issuer)
  requireName('identity.subject', identity.subject)
  // RFC 8414 section 2: an issuer has no fragment, so the first # is ours.
  if (identity.issuer.includes('#')) throw new ConfigurationError('identity.issuer', 'must not contain #')
  return `${identity.issuer}#${identity.subject}` as Subject
}

/** Issuer and subject again, as the credential spelled them. */
export function parseSubject(text: Subject): { readonly issuer: string; readonly subject: string } {
  const mark = text.indexOf('#')
  return { issuer: text.slice(0, mark), subject: text.slice(mark + 1) }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const controlCharacter = /[\u0000-\u001f\u007f]/

function requireName(option: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') throw new ConfigurationError(option, 'must be a non-empty string')
  if (name.length > longestSubject) throw new ConfigurationError(option, `must be at most ${longestSubject} characters`)
  if (controlCharacter.test(name)) throw new ConfigurationError(option, 'must not contain a control character')
  // UTF-8 has no lone surrogates: a store, or a header, would spell two such names alike.
  if (!name.isWellFormed()) throw new ConfigurationError(option, 'must be well-formed Unicode')
}
