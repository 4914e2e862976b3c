/**
 * What a refused handshake is answered with, byte for byte. Every adapter and the gateway send this, and nothing else; to whoever asks for an event
 * stream, among lines of HTTP and of CORS.
 * @module
 */
import type { HandshakeVerdict } from './handshake-case.ts'

/** Refusals that are the library's own. */
type RefusedOpenly = Exclude<HandshakeVerdict, 'admitted' | 'rejected'>

function answerOf(statusLine: string, headers: readonly string[], body: object): string {
  const text = JSON.stringify(body)
  const lines = [
    `HTTP/1.1 ${statusLine}`,
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...headers,
    `Content-Length: ${text.length}`,
    'Connection: close',
  ]
  return `${lines.join('\r\n')}\r\n\r\n${text}`
}

const scheme = 'WWW-Authenticate: Ticket realm="websocket"'

/** The answers, by public code. */
export const refusalAnswers: { readonly [code in RefusedOpenly]: string } = {
  ticket_required: answerOf('401 Unauthorized', [scheme], {
    title: 'Unauthorized',
    status: 401,
    code: 'ticket_required',
    detail: 'The opening handshake carries no ticket. Ask for one with POST /tickets and present it.',
  }),
  invalid_ticket: answerOf('401 Unauthorized', [scheme], {
    title: 'Unauthorized',
    status: 401,
    code: 'invalid_ticket',
    detail: 'The ticket does not open this WebSocket. Ask for a new one.',
  }),
  forbidden: answerOf('403 Forbidden', [], {
    title: 'Forbidden',
    status: 403,
    code: 'forbidden',
    detail: 'This WebSocket is not open to this client.',
  }),
  bad_request: answerOf('400 Bad Request', [], {
    title: 'Bad Request',
    status: 400,
    code: 'bad_request',
    detail: 'The opening handshake is malformed.',
  }),
}
