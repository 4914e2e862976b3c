/**
 * One opening handshake with the upstream, on a connection of its own that is used for nothing else.
 * @module
 */
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'
import type { UpstreamFailure } from '../events.ts'
import type { ForwardedHandshake } from './forwarded-handshake.ts'

/** There is no WebSocket to the upstream. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly code: UpstreamFailure
  /** What the upstream answered instead of 101, or of a stream; null for no answer. */
  readonly status: number | null

  constructor(code: UpstreamFailure, status: number | null = null) {
    super(code)
    this.code = code
    this.status = status
  }
}

/** The upstream's 101, not yet checked. */
export interface UpstreamAnswer {
  readonly response: IncomingMessage
  readonly socket: Duplex
  /** Bytes that came right behind the answer. */
  readonly head: Buffer
}

/** A handshake under way. */
export interface Dialling {
  /** @throws UpstreamError where there is no 101. */
  readonly answer: Promise<UpstreamAnswer>
  /** Gives up, and closes the connection. Does nothing once there is an answer. */
  abandon(): void
}

/** Starts a handshake with the upstream. */
export function dial(upstream: URL, handshake: ForwardedHandshake, timeoutMs: number): Dialling {
  const request = sendRequest(upstream, handshake)
  const answer = new Promise<UpstreamAnswer>((resolve, reject) => {
    const answered = expectAnswer(request, timeoutMs, reject)
    // A 101 that upgrades nothing is a response like any other to node:http.
    request.once('response', ({ statusCode = null }) => {
      const code = statusCode === 101 ? 'upstream_malformed' : 'upstream_refused'
      const failure = new UpstreamError(code, statusCode)
      // At once: a 101 may stand right behind this response, and its event comes before that of the error.
      reject(failure)
      request.destroy(failure)
    })
    request.once('upgrade', (response, socket, head) => {
      answered()
      socket.on('error', () => socket.destroy())
      resolve({ response, socket, head })
    })
    request.end()
  })
  return { answer, abandon: () => request.destroy(new UpstreamError('client_gone')) }
}

/** Rejects with an UpstreamError where there is no answer in time. Returns what is to be called when there is one. */
export function expectAnswer(
  request: ClientRequest,
  timeoutMs: number,
  reject: (error: UpstreamError) => void,
): () => void {
  const timer = setTimeout(() => request.destroy(new UpstreamError('upstream_timeout')), timeoutMs)
  const answered = () => clearTimeout(timer)
  request.once('close', answered)
  request.on('error', (error) => reject(upstreamErrorOf(error)))
  return answered
}

function upstreamErrorOf(error: Error & { readonly code?: string }): UpstreamError {
  if (error instanceof UpstreamError) return error
  // What Node's parser calls its errors: there was an answer.
  return new UpstreamError(error.code?.startsWith('HPE_') ? 'upstream_malformed' : 'upstream_unreachable')
}

/** Begins a request to the upstream, on a connection of its own. Its `end` is left to the caller. */
export function sendRequest(upstream: URL, { target, rawHeaders }: ForwardedHandshake): ClientRequest {
  const url = new URL(upstream)
  const secure = url.protocol === 'wss:'
  url.protocol = secure ? 'https:' : 'http:'
  const options = { path: target, headers: [...rawHeaders], agent: false, setHost: false } as const
  return secure ? requestHttps(url, options) : requestHttp(url, options)
}
