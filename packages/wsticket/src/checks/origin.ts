/**
 * Origin: which pages may open a WebSocket, and ask for a ticket (RFC 6455 section 10.2, RFC 6454).
 * @module
 */
import type { AttemptCheck } from '../check.ts'
import { ConfigurationError } from '../errors.ts'

/**
 * Who may come without an Origin header. A browser sends one with every handshake, and with every event stream of another origin; anything else can send
 * none, or any.
 * - `authorization_carrier`: only a client that presents its ticket in Authorization, which a browser cannot do. Default.
 * - `any_carrier`: every client. Takes nothing from pages, which still need a listed origin. Not with the carrier `cookie`.
 */
export type NonBrowserClients = 'authorization_carrier' | 'any_carrier'

/** Every {@link NonBrowserClients}. */
export const nonBrowserPolicies: readonly NonBrowserClients[] = ['authorization_carrier', 'any_carrier']

// Scheme and authority in visible ASCII, no path: what a browser puts into Origin (RFC 6454 section 6.1, RFC 6455 section 10.2),
// for schemes of apps as well. Not that of the WebSocket: the origin is the page's.
const serializedOrigin = /^(?!wss?:)[a-z][a-z0-9+.-]*:\/\/(?:(?![/?#@*\\])[!-~])+$/

/**
 * The origins of a list, to be compared exactly.
 * @throws ConfigurationError for an entry that no browser could ever send.
 */
export function parseOrigins(origins: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(origins)) throw new ConfigurationError('origins', 'must be a list of exact origins')
  for (const origin of origins) {
    if (typeof origin !== 'string' || !serializedOrigin.test(origin) || !isCanonical(origin)) {
      throw new ConfigurationError(
        'origins',
        `must be exact origins such as https://app.example (scheme, host, and port unless it is the default; lower case, no path, no *), not ${JSON.stringify(origin)}`,
      )
    }
  }
  return new Set(origins)
}

function isCanonical(origin: string): boolean {
  return !/^https?:/.test(origin) || (URL.canParse(origin) && new URL(origin).origin === origin)
}

/**
 * Refuses pages of origins that are not in the list, and clients without one that the policy does not name. A page for which its browser
 * vouches that it is of the same origin is no such client.
 */
export function createOriginCheck(origins: ReadonlySet<string>, nonBrowserClients: NonBrowserClients): AttemptCheck {
  return ({ handshake, carrier }) => {
    if (handshake.origin !== null) return origins.has(handshake.origin) ? null : 'origin_forbidden'
    if (handshake.isSameOrigin) return null
    if (nonBrowserClients === 'any_carrier' || carrier === 'authorization') return null
    return 'origin_forbidden'
  }
}
