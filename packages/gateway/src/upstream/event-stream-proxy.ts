/**
 * Reverse proxy for admitted event streams: what the upstream sends, at the pace of the client, until either closes or the session ends.
 * @module
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { type HttpAnswer, type SessionConnection, type Sessions, systemClock } from 'wsticket'
import { closeEventStream, type DecidedEventStream, type Exchange } from 'wsticket/adapters/node'
import { type HeaderLine, headerLines, membersOf, valuesOf } from '../header-lines.ts'
import { expectAnswer, sendRequest, UpstreamError } from './dial.ts'
import { forwardHandshake } from './forwarded-handshake.ts'
import { endToEnd } from './hop-by-hop.ts'
import { keepAlive } from './keep-alive.ts'
import { answerTo, finalAnswer, finalCode } from './refused-client.ts'
import type { WebSocketProxyOptions } from './websocket-proxy.ts'

/** Where admitted event streams go. `upstream` is that of the WebSockets, and asked over HTTP. */
export interface EventStreamProxyOptions extends Omit<WebSocketProxyOptions, 'silenceMs'> {
  /** Is told of what the upstream refuses for good: a page asks, because its EventSource says nothing of that. */
  readonly sessions: Pick<Sessions, 'noteRefusal'>
}

/** Answers an admitted request for an event stream. */
export type Stream = (exchange: Exchange, decided: DecidedEventStream) => void

// The gateway answers for who may see the stream, and that nobody keeps it, or takes it for something else: the proxies in front do as these say.
const ownHeaders =
  /^(?:access-control-.*|(?:.*-)?cache-control|surrogate-control|edge-control|expires|pragma|x-accel-.*|content-length|x-content-type-options)$/
const ownLines: readonly HeaderLine[] = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Accel-Buffering', 'no'],
]

/** Passes admitted requests on to the upstream, and its stream back. */
export function createEventStreamProxy(options: EventStreamProxyOptions): Stream {
  const { upstream, answerTimeoutMs, onEvent, sessions } = options
  return (exchange, decided) => {
    const { decision, headers } = decided
    const { request, response } = exchange
    const dialled = sendRequest(upstream, forwardHandshake(request, decision, { ...options, kind: 'event_stream' }))
    const leave = () => dialled.destroy(new UpstreamError('client_gone'))
    response.once('close', leave)
    const failed = (error: unknown) => {
      const { code, status } = error instanceof UpstreamError ? error : new UpstreamError('upstream_unreachable')
      const { id } = decision.session
      onEvent({ type: 'upstream_failed', at: systemClock(), ticketId: id, code, status })
      decision.abandon?.()
      const final = finalAnswer(status)
      if (final !== null) sessions.noteRefusal(id, finalCode)
      refuse(response, final ?? answerTo(code), headers)
    }
    const answered = (answer: IncomingMessage) => {
      response.off('close', leave)
      join(exchange, answer, decided)
    }
    answerOf(dialled, answerTimeoutMs)
      .then(answered, failed)
      .catch(() => {
        dialled.destroy()
        response.destroy()
      })
  }
}

/** The upstream's stream, of which nothing has been read. Rejects with an UpstreamError where there is none. */
function answerOf(request: ClientRequest, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const answered = expectAnswer(request, timeoutMs, reject)
    // Not a response to node:http.
    request.once('upgrade', ({ statusCode = 101 }, socket) => {
      answered()
      socket.destroy()
      reject(new UpstreamError('upstream_refused', statusCode))
    })
    request.once('response', (answer) => {
      answered()
      answer.on('error', () => {})
      const failure = failureOf(answer)
      if (failure === null) return resolve(answer)
      reject(failure)
      request.destroy()
    })
    request.end()
  })
}

function failureOf({ statusCode: status = 0, rawHeaders }: IncomingMessage): UpstreamError | null {
  if (status !== 200) return new UpstreamError('upstream_refused', status)
  const lines = headerLines(rawHeaders)
  const types = valuesOf(lines, 'content-type')
  const isStream = types.length === 1 && /^text\/event-stream[ \t]*(?:;|$)/i.test(types.join())
  // There would be no last event behind what is compressed.
  const isPlain =
    membersOf(lines, 'content-encoding').every((coding) => coding === 'identity') &&
    membersOf(lines, 'transfer-encoding').every((coding) => coding === 'chunked')
  return isStream && isPlain ? null : new UpstreamError('upstream_malformed', status)
}

function join(
  { request, response }: Exchange,
  answer: IncomingMessage,
  { decision, headers }: DecidedEventStream,
): void {
  const kept = endToEnd(headerLines(answer.rawHeaders)).filter(([name]) => !ownHeaders.test(name.toLowerCase()))
  if (response.destroyed) return void answer.destroy()
  // After the upstream's own: of two cookies of a name the later one counts.
  response.writeHead(200, [...kept, ...ownLines, ...Object.entries(headers)].flat())
  // Sends the head, in latin1; flushHeaders() would send it in UTF-8.
  response.write(Buffer.alloc(0))
  request.socket.setTimeout(0)
  for (const socket of [request.socket, answer.socket]) keepAlive(socket)
  const connection = connectionOf(response, answer)
  answer.once('close', () => {
    // Cut short: so is what the client gets, unless its session has ended it.
    if (!answer.complete && !response.writableEnded) response.destroy()
  })
  const detach = decision.attach(connection)
  response.once('close', () => {
    answer.destroy()
    detach()
  })
  if (!response.writableEnded) answer.pipe(response)
}

function connectionOf(response: ServerResponse, answer: IncomingMessage): SessionConnection {
  return {
    close(closing) {
      closeEventStream(response, closing)
      answer.destroy()
    },
    destroy: () => void response.destroy(),
  }
}

function refuse(response: ServerResponse, { status, headers, body }: HttpAnswer, more: HttpAnswer['headers']): void {
  // RFC 9110 section 8.6: there is none in a 204.
  const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) }
  response.writeHead(status, { ...headers, ...more, ...length }).end(body)
}
