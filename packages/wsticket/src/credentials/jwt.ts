/**
 * Credential: a JWT access token (RFC 9068, RFC 7519) in `Authorization: Bearer`, verified by its issuer's keys.
 * @module
 */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import { type Clock, type EpochMs, systemClock } from '../clock.ts'
import { type Authenticate, type CredentialRefusal, type Identity, subjectOf } from '../credential.ts'
import { ConfigurationError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'

/** Which tokens are accepted. Every member but the last three is a check that cannot be left out. */
export interface JwtOptions {
  /** The `iss` that tokens must have, character by character. Has no `#`. */
  readonly issuer: string
  /** The `aud` that tokens must have: the name of the API that the ticket endpoint belongs to. */
  readonly audience: string
  /**
   * Where the issuer's keys are (fetched when needed, again when a token names a new one), or the keys themselves. A token
   * that names no key is good only where one key alone fits.
   */
  readonly keys: URL | JSONWebKeySet
  /** Signature algorithms that are accepted (RFC 8725 section 3.1): `['ES256']`. Asymmetric ones only. */
  readonly algorithms: readonly string[]
  /** The `typ` that tokens must have. Default `at+jwt` (RFC 9068): not an ID token, nor a refresh or logout token. */
  readonly type?: string
  /** By how much clocks may differ, in milliseconds. Default 1,000, at most 300,000. */
  readonly clockToleranceMs?: number
  /**
   * The least time between two fetches of the keys, in milliseconds. Default 30,000. A token of a key that is newer than the last
   * fetch is `credential_invalid` until then: publish keys before you sign with them.
   */
  readonly keysCooldownMs?: number
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

// RFC 6750 section 2.1; RFC 9110 section 11.1: the scheme is case-insensitive.
const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i
const asymmetric = /^(?:ES(?:256|384|512)|RS(?:256|384|512)|PS(?:256|384|512)|EdDSA|Ed25519)$/
const longestToleranceMs = 300_000
const keysTimeoutMs = 5000
const keysMaxAgeMs = 600_000
const maxKeysBytes = 1024 * 1024

/**
 * Verifies JWT access tokens. The identity's claims are the token's.
 * @throws ConfigurationError for an option that cannot be.
 */
export function createJwtAuthenticator(options: JwtOptions): Authenticate {
  const { issuer, audience, algorithms, type = 'at+jwt', clockToleranceMs = 1000, clock = systemClock } = options
  requireText('issuer', issuer)
  requireText('audience', audience)
  requireText('type', type)
  if (issuer.includes('#')) throw new ConfigurationError('issuer', 'must not contain #')
  requireAlgorithms(algorithms)
  requireDuration('clockToleranceMs', clockToleranceMs, longestToleranceMs)
  const keys = createKeySource(options)
  const expected = {
    issuer,
    audience,
    typ: type,
    algorithms: [...algorithms],
    clockTolerance: clockToleranceMs / 1000,
    requiredClaims: ['sub', 'exp'],
  }
  return async (request) => {
    const header = request.headers.get('authorization')
    if (header === null || !/^bearer(?: |$)/i.test(header)) return 'credential_missing'
    const token = bearer.exec(header)?.[1]
    if (token === undefined) return 'credential_malformed'
    try {
      const { payload } = await jwtVerify(token, keys, { ...expected, currentDate: new Date(clock()) })
      return identify(payload)
    } catch (error) {
      return refusalOf(error)
    }
  }
}

function identify(payload: JWTPayload): Identity | CredentialRefusal {
  // RFC 7519 section 2: a NumericDate may have a fraction. One that is no instant, such as 1e309, would never end.
  const expiresAt = Math.floor(Number(payload.exp) * 1000) as EpochMs
  const identity = { issuer: payload.iss, subject: payload.sub, expiresAt, claims: payload } as Identity
  try {
    subjectOf(identity)
  } catch {
    // The name is the token's doing, not the operator's.
    return 'credential_malformed'
  }
  return Number.isSafeInteger(expiresAt) ? identity : 'credential_malformed'
}

/** The refusal that an error of jose stands for. Rethrows what says nothing about the token: the keys could not be had. */
function refusalOf(error: unknown): CredentialRefusal {
  if (error instanceof errors.JWTExpired) return 'credential_expired'
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return 'credential_malformed'
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) throw error
  if (error instanceof errors.JOSEError && error.code !== errors.JOSEError.code) return 'credential_invalid'
  throw error
}

function createKeySource({ keys, keysCooldownMs = 30_000 }: JwtOptions): JWTVerifyGetKey {
  requireDuration('keysCooldownMs', keysCooldownMs, Number.MAX_SAFE_INTEGER)
  if (!(keys instanceof URL)) return createLocalKeySource(keys)
  if (keys.protocol !== 'https:' && !(keys.protocol === 'http:' && isLoopback(keys.hostname))) {
    throw new ConfigurationError('keys', 'must be an https: URL; http: is for a loopback address only')
  }
  return createRemoteJWKSet(keys, {
    cooldownDuration: keysCooldownMs,
    cacheMaxAge: keysMaxAgeMs,
    timeoutDuration: keysTimeoutMs,
    [customFetch]: fetchBounded,
  })
}

function createLocalKeySource(keys: JSONWebKeySet): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(keys)
  } catch {
    throw new ConfigurationError('keys', 'must be a URL or a JSON Web Key Set')
  }
}

/** Fetches, and fails where the body is larger than a key set can be. */
const fetchBounded: FetchImplementation = async (url, init) => {
  const { status, body } = await fetch(url, init)
  let bytes = 0
  const bounded = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      bytes += chunk.length
      if (bytes > maxKeysBytes) controller.error(new RangeError(`the key set is larger than ${maxKeysBytes} bytes`))
      else controller.enqueue(chunk)
    },
  })
  return new Response(body?.pipeThrough(bounded) ?? null, { status })
}

function requireText(option: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new ConfigurationError(option, 'must be a non-empty string')
}

function requireAlgorithms(algorithms: readonly string[]): void {
  if (!Array.isArray(algorithms) || algorithms.length === 0 || !algorithms.every((name) => asymmetric.test(name))) {
    throw new ConfigurationError('algorithms', 'must list asymmetric signature algorithms, such as ES256 or RS256')
  }
}

function requireDuration(option: string, durationMs: number, most: number): void {
  if (!(durationMs >= 0 && durationMs <= most)) {
    throw new ConfigurationError(option, `must be from 0 to ${most} milliseconds`)
  }
}
