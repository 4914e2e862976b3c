/**
 * Loopback hosts: where plaintext is good enough.
 * @module
 */

// RFC 6761 section 6.3 (localhost), RFC 1122 section 3.2.1.3 (127/8), RFC 4291 section 2.5.3 (::1). The URL parser has
// already brought every other spelling of an address to these.
const loopback = /^(?:(?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Whether the host of a URL, as `URL.hostname` spells it, is this very machine. */
export function isLoopback(hostname: string): boolean {
  return loopback.test(hostname)
}
