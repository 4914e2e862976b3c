/**
 * Carrier `Cookie: __Host-wsticket=wst_...`: the ticket is in no script's hands and in no URL. A browser sends it by itself, whichever
 * page opens the WebSocket, so the Origin has to be listed. Off by default. The key is shown as a subprotocol: the page that has it
 * cannot write a cookie that is HttpOnly.
 * @module
 */
import { type Carrier, nothingPresented } from '../carrier.ts'
import type { Passage } from '../handshake.ts'
import { ticketCookie } from '../ticket-cookie.ts'

/** Reads tickets from the cookies. Off by default. */
export const cookie: Carrier = {
  name: 'cookie',
  find: ({ rawHeaders }) => {
    let found = nothingPresented
    for (let at = 0; at + 1 < rawHeaders.length; at += 2)
      if (isCookieHeader(rawHeaders[at] as string)) found = [...found, ...ticketsIn(rawHeaders[at + 1] as string)]
    return found
  },
  findKeys: () => nothingPresented,
  strip,
}

function isCookieHeader(name: string): boolean {
  return name.length === 6 && name.toLowerCase() === 'cookie'
}

function ticketsIn(line: string): readonly string[] {
  const ours = line.split(';').filter(isOurs)
  return ours.map((pair) => trim(pair.slice(pair.indexOf('=') + 1)))
}

/** A name is compared exactly, and what cookies once were (RFC 2965: `$Version`, quotes, commas) means nothing. */
function isOurs(pair: string): boolean {
  const equals = pair.indexOf('=')
  return equals > 0 && trim(pair.slice(0, equals)) === ticketCookie
}

/** Removes spaces and tabs, which is all the whitespace that a header has (RFC 9110 section 5.6.3), and nothing else that looks like it. */
function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

function strip({ target, rawHeaders }: Passage): Passage {
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    const value = rawHeaders[at + 1] as string
    const left = isCookieHeader(name) ? withoutOurs(value) : value
    if (left !== null) kept.push(name, left)
  }
  return { target, rawHeaders: kept }
}

/** The other cookies of a line, as they were spelled; null where there are none. */
function withoutOurs(line: string): string | null {
  const pairs = line.split(';')
  const kept = pairs.filter((pair) => !isOurs(pair))
  if (kept.length === pairs.length) return line
  const left = trim(kept.join(';'))
  return left === '' ? null : left
}
