/**
 * Opening handshakes as text, right or deliberately wrong.
 * @module
 */
import type { RawResponse } from './raw-client.ts'
import { headerOf } from './raw-client.ts'

/** An opening handshake that is about to be sent. */
export interface RawHandshake {
  readonly requestLine: string
  /** Header lines, in order. */
  readonly lines: readonly string[]
}

// RFC 6455 section 1.3: a key, and what it must be answered with.
const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const acceptance = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** What a handshake is made of beside what each has. */
export interface HandshakeParts {
  readonly url: string
  /** The target; default: the URL's path. */
  readonly target?: string
  /** Null for none. */
  readonly origin: string | null
  /** Header lines that follow the others. */
  readonly lines?: readonly string[]
}

/** A well-formed handshake (RFC 6455 section 4.1), without a ticket unless one is among the lines. */
export function handshakeTo({ url, target, origin, lines = [] }: HandshakeParts): RawHandshake {
  const { host, pathname } = new URL(url)
  return {
    requestLine: `GET ${target ?? pathname} HTTP/1.1`,
    lines: [
      `Host: ${host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
      ...(origin === null ? [] : [`Origin: ${origin}`]),
      ...lines,
    ],
  }
}

/** The bytes of a handshake. */
export function serialize({ requestLine, lines }: RawHandshake): string {
  return `${[requestLine, ...lines].join('\r\n')}\r\n\r\n`
}

/** The same handshake with another request line. */
export function withRequestLine(handshake: RawHandshake, requestLine: string): RawHandshake {
  return { ...handshake, requestLine }
}

/** The same handshake with these lines in place of a header's own, at its end; without the header where there are none. */
export function withLines(handshake: RawHandshake, header: string, ...lines: readonly string[]): RawHandshake {
  const others = handshake.lines.filter((line) => !line.toLowerCase().startsWith(`${header.toLowerCase()}:`))
  return { ...handshake, lines: [...others, ...lines] }
}

/** Whether a response opens the WebSocket (RFC 6455 section 4.1). */
export function isAcceptance(response: RawResponse): boolean {
  return (
    response.status === 101 &&
    headerOf(response, 'sec-websocket-accept') === acceptance &&
    headerOf(response, 'upgrade')?.toLowerCase() === 'websocket' &&
    headerOf(response, 'connection')?.toLowerCase() === 'upgrade'
  )
}
