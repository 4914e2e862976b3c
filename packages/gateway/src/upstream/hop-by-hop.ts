/**
 * Header lines that are meant for the next hop only, and end here (RFC 9110 section 7.6.1).
 * @module
 */
import { type HeaderLine, membersOf } from '../header-lines.ts'

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What the whole handshake depends on, and the answer: naming it in Connection does not take it away. */
const essential = /^(?:host|origin|accept|last-event-id|content-type|sec-websocket-.*)$/

/** The lines that go on to the next hop. */
export function endToEnd(lines: readonly HeaderLine[]): HeaderLine[] {
  const named = new Set(membersOf(lines, 'connection').filter((name) => !essential.test(name)))
  return lines.filter(([spelled]) => {
    const name = spelled.toLowerCase()
    return !hopByHop.has(name) && !named.has(name)
  })
}
