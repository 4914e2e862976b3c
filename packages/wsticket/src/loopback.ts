/**
 * Loopback hosts: where plain http is good enough.
 * @module
 */

/** Whether the host of a URL, as `URL.hostname` spells it, is this very machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
