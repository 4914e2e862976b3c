/**
 * Over which connections a credential or a ticket may travel.
 * @module
 */
import { isLoopback } from '../loopback.ts'
import { requireOf, requireOption } from './requirements.ts'

/** The URL that relative URLs start from: of the document, or of the worker; undefined where there is no page. */
export function pageUrl(): string | undefined {
  const { document, location } = globalThis as Partial<Pick<typeof globalThis, 'document' | 'location'>>
  return document?.baseURI ?? location?.href
}

/** A URL; null for what is none. */
export function urlOf(text: string | URL, base: string | undefined): URL | null {
  try {
    return new URL(text, base)
  } catch {
    return null
  }
}

/**
 * That a secret may be sent to `url`: over TLS always; in plaintext to this machine only, or to a host that the caller
 * names, or to the host of the page where the page itself came in plaintext from there: who can read that wire owns the page
 * already.
 *
 * @param insecureHosts hosts as `URL.hostname` spells them, without a port
 * @throws DOMException `SecurityError` where it may not
 */
export function requireSecrecy({ protocol, hostname }: URL, insecureHosts: readonly string[]): void {
  const { location } = globalThis as Partial<Pick<typeof globalThis, 'location'>>
  requireOf(
    'SecurityError',
    /^(wss|https):$/.test(protocol) ||
      isLoopback(hostname) ||
      insecureHosts.includes(hostname) ||
      (location?.protocol === 'http:' && hostname === location.hostname),
    'Nothing secret is sent in plaintext: use TLS, or name the host in insecureHosts',
  )
}

/**
 * Checks the option `insecureHosts`.
 *
 * @throws TypeError for what is no array of strings
 */
export function readHosts(hosts: readonly string[] = []): readonly string[] {
  requireOption(
    Array.isArray(hosts) && hosts.every((host) => typeof host === 'string'),
    'insecureHosts is an array of host names',
  )
  return [...hosts]
}
