/**
 * What Node's IncomingMessage says of an opening handshake, and how the ticket is taken out of it.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Opening, Passage } from '../handshake.ts'

/** The opening handshake that a request is, nothing interpreted. */
export function openingOf(request: IncomingMessage): Opening {
  return {
    method: request.method ?? '',
    httpVersion: request.httpVersion,
    target: request.url ?? '',
    rawHeaders: request.rawHeaders,
    peerAddress: request.socket.remoteAddress ?? null,
  }
}

/** Names of the headers that a carrier may take out. */
const carrierHeaders = ['authorization', 'cookie', 'sec-websocket-protocol', 'sec-websocket-extensions']

/** IncomingMessage makes this view from rawHeaders by the number of lines received, which is no longer theirs. */
const distinctView: PropertyDescriptor & ThisType<IncomingMessage> = {
  configurable: true,
  get() {
    const distinct: { [name: string]: string[] } = Object.create(null)
    const { rawHeaders } = this
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const name = (rawHeaders[at] as string).toLowerCase()
      distinct[name] = [...(distinct[name] ?? []), rawHeaders[at + 1] as string]
    }
    return distinct
  },
}

/** The values of a header, line by line. */
function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  const lines: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const spelled = rawHeaders[at] as string
    if (spelled.length === name.length && spelled.toLowerCase() === name) lines.push(rawHeaders[at + 1] as string)
  }
  return lines
}

/** Leaves of a request what may be passed on, in every view that an IncomingMessage has of it. */
export function narrowTo(request: IncomingMessage, { target, rawHeaders }: Passage): void {
  request.url = target
  const { headers } = request
  for (const name of carrierHeaders) {
    if (headers[name] === undefined) continue
    const lines = linesOf(rawHeaders, name)
    if (lines.length === 0) delete headers[name]
    // RFC 6265 section 4.2.1: a comma parts no cookies.
    else headers[name] = lines.join(name === 'cookie' ? '; ' : ', ')
  }
  request.rawHeaders = rawHeaders as string[]
  Object.defineProperty(request, 'headersDistinct', distinctView)
}
