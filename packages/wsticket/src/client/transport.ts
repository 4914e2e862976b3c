/**
 * Over which connections a credential or a ticket may travel.
 * @module
 */
import { isLoopback } from '../loopback.ts'

/** The URL that relative URLs start from: of the document, or of the worker; undefined where there is no page. */
export function pageUrl(): string | undefined {
  const { document, location } = globalThis as Partial<Pick<typeof globalThis, 'document' | 'location'>>
  return document?.baseURI ?? location?.href
}

/**
 * Whether a secret may be sent to `url`: over TLS always; in plaintext to this machine only, or to a host that the caller
 * names, or to the host of the page where the page itself came in plaintext from there: who can read that wire owns the page
 * already.
 *
 * @param insecureHosts hosts as `URL.hostname` spells them, without a port
 */
export function mayCarrySecrets(url: URL, insecureHosts: readonly string[]): boolean {
  if (url.protocol === 'wss:' || url.protocol === 'https:') return true
  if (isLoopback(url.hostname) || insecureHosts.includes(url.hostname)) return true
  const { location } = globalThis as Partial<Pick<typeof globalThis, 'location'>>
  return location?.protocol === 'http:' && url.hostname === location.hostname
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
