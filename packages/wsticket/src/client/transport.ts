/**
 * Over which connections a credential or a ticket may travel.
 * @module
 */

/** The URL that relative URLs start from: of the document, or of the worker; undefined where there is no page. */
export function pageUrl(): string | undefined {
  const { document, location } = globalThis as Partial<Pick<typeof globalThis, 'document' | 'location'>>
  return document?.baseURI ?? location?.href
}

/**
 * Whether a secret may be sent to `url`: over TLS always; in plaintext to this machine only, or to a host that the caller
 * names, or from a page that itself came in plaintext from another machine: who can read that wire owns the page already.
 *
 * @param insecureHosts hosts as `URL.hostname` spells them, without a port
 */
export function mayCarrySecrets(url: URL, insecureHosts: readonly string[]): boolean {
  if (url.protocol === 'wss:' || url.protocol === 'https:') return true
  if (isLoopback(url.hostname) || insecureHosts.includes(url.hostname)) return true
  const { location } = globalThis as Partial<Pick<typeof globalThis, 'location'>>
  return location?.protocol === 'http:' && !isLoopback(location.hostname)
}

// RFC 6761 section 6.3 (localhost), RFC 1122 section 3.2.1.3 (127/8), RFC 4291 section 2.5.3 (::1). The URL parser has
// already brought every other spelling of an address to these.
function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

/**
 * Checks the option `insecureHosts`.
 *
 * @throws TypeError for what is no array of strings
 */
export function readHosts(hosts: readonly string[]): readonly string[] {
  if (Array.isArray(hosts) && hosts.every((host) => typeof host === 'string')) return [...hosts]
  throw new TypeError('insecureHosts is an array of host names.')
}
