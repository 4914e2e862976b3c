/**
 * Where an issuer's keys are, by its own word (OpenID Connect Discovery 1.0 section 4, RFC 8414).
 * @module
 */
import { allowInsecureRequests, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi'
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
 * @throws whatever fetch throws where the issuer does not answer.
 */
export async function discoverKeys(issuer: string, options: DiscoveryOptions = {}): Promise<URL> {
  const { algorithm = 'oidc', timeoutMs = 5000 } = options
  if (!URL.canParse(issuer)) throw new ConfigurationError('issuer', 'must be a URL')
  const url = new URL(issuer)
  const response = await discoveryRequest(url, {
    algorithm,
    signal: AbortSignal.timeout(timeoutMs),
    [allowInsecureRequests]: isLoopback(url.hostname),
  })
  const { jwks_uri: keys } = await processDiscoveryResponse(url, response)
  if (keys === undefined || !URL.canParse(keys)) throw new ConfigurationError('issuer', 'publishes no jwks_uri')
  return new URL(keys)
}
