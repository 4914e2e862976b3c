/**
 * Where an issuer's keys are, by its own word (OpenID Connect Discovery 1.0 section 4, RFC 8414).
 * @module
 */
import {
  allowInsecureRequests,
  discoveryRequest,
  JSON_ATTRIBUTE_COMPARISON,
  OperationProcessingError,
  processDiscoveryResponse,
} from 'oauth4webapi'
import { ConfigurationError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'

/** How an issuer is asked. */
export interface DiscoveryOptions {
  /** `oidc`: `/.well-known/openid-configuration`; `oauth2`: `/.well-known/oauth-authorization-server`. Default `oidc`. */
  readonly algorithm?: 'oidc' | 'oauth2'
  /** Milliseconds before giving up. Default 5,000. */
  readonly timeoutMs?: number
}

/**
 * Asks an issuer for the URL of its key set. Use it once, at start.
 * @throws ConfigurationError where the issuer is no https: URL (http: on loopback only), or names itself otherwise, or has no keys.
 * @throws whatever fetch throws where the issuer does not answer, and an `OperationProcessingError` where its answer is no metadata.
 */
export async function discoverKeys(issuer: string, options: DiscoveryOptions = {}): Promise<URL> {
  const { algorithm = 'oidc', timeoutMs = 5000 } = options
  const url = requireIssuerUrl(issuer)
  const response = await discoveryRequest(url, {
    algorithm,
    signal: AbortSignal.timeout(timeoutMs),
    [allowInsecureRequests]: isLoopback(url.hostname),
  })
  const { issuer: itself, jwks_uri: keys } = await processDiscoveryResponse(url, response).catch(explain)
  // OpenID Connect Discovery 1.0 section 4.3: exactly. Tokens are compared by the character, a slash at the end included.
  if (itself !== issuer)
    throw new ConfigurationError('issuer', `names itself ${JSON.stringify(itself)} in its metadata`)
  if (keys === undefined || !URL.canParse(keys)) throw new ConfigurationError('issuer', 'publishes no jwks_uri')
  return new URL(keys)
}

/**
 * The URL of an issuer that may be asked for its keys.
 * @throws ConfigurationError where it is no https: URL (http: on loopback only).
 */
export function requireIssuerUrl(issuer: string): URL {
  if (!URL.canParse(issuer)) throw new ConfigurationError('issuer', 'must be a URL')
  const url = new URL(issuer)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url
  throw new ConfigurationError('issuer', 'must be an https: URL; http: is for a loopback address only')
}

function explain(error: unknown): never {
  if (error instanceof OperationProcessingError && error.code === JSON_ATTRIBUTE_COMPARISON) {
    throw new ConfigurationError('issuer', 'names itself otherwise in its metadata')
  }
  throw error
}
