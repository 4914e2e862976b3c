/**
 * Event streams (WHATWG HTML section 9.2) on `node:http`: a GET that is admitted as an opening handshake is, and how its answer ends.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Admission, AdmittedDecision } from '../admission.ts'
import { type HttpAnswer, refusalAnswer } from '../problem.ts'
import type { SessionEndingRow } from '../refusals.ts'
import type { Session, SessionConnection } from '../session.ts'
import { endingEventType } from '../wire.ts'
import { markBusy } from './busy-sockets.ts'
import { bind } from './decided-request.ts'
import { openingOf } from './incoming-message.ts'

/** A request, and its answer. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** A request for an event stream that may be answered with one. */
export interface DecidedEventStream {
  readonly decision: AdmittedDecision
  /** Headers that the answer has to have beside its own: CORS, and the Set-Cookie that clears the cookie which carried the ticket. */
  readonly headers: HttpAnswer['headers']
}

const streamHeaders: HttpAnswer['headers'] = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // Otherwise nginx keeps events back until it has a buffer full of them.
  'X-Accel-Buffering': 'no',
}
const keepAliveMs = 30_000
const closeDeadlineMs = 3000

/**
 * Answers a request with an event stream, where admission lets it in: 200, and the head is sent. The application writes its events to the
 * response, waits for `drain` where `write` says so, and stops at its `close`. The request carries neither ticket nor key any more, and `sessionOf(request)` tells who it is. A framework that has
 * copied the URL before has a ticket in the copy, where the carrier is `query`.
 *
 * From then on the session ends with the response, and the response with the session, behind a last event of the type `wsticket`
 * ({@link closeEventStream}); what the application writes after that is dropped.
 *
 * Resolves with the session; with null where it was refused, or is over already: there is nothing left to answer then. Never rejects.
 */
export async function admitEventStream(
  admission: Pick<Admission, 'admitEventStream'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Session | null> {
  const decided = await decideEventStream(admission, { request, response })
  if (decided === null) return null
  const { decision, headers } = decided
  writeHead(response, 200, { ...streamHeaders, ...headers })
  response.flushHeaders()
  request.socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, keepAliveMs)
  const detach = decision.attach(connectionOf(response))
  response.once('close', () => detach())
  return response.writableEnded ? null : decision.session
}

/**
 * For whoever answers by himself, as a proxy does: refuses what is to be refused, and takes ticket and key out of the request. Whoever gets a decision
 * calls its `attach` once the head is sent, and what that returns at the response's `close`; or its `abandon`. Resolves with null where nothing is
 * left to answer. Never rejects.
 */
export async function decideEventStream(
  admission: Pick<Admission, 'admitEventStream'>,
  { request, response }: Exchange,
): Promise<DecidedEventStream | null> {
  // A client that is gone, and an application that writes when all is over, are no reason to end the process.
  response.on('error', () => {})
  if (response.headersSent) return null
  // Behind an answer that may never end (RFC 9112 section 9.3.2), and nobody would hear when the client leaves.
  if (response.socket === null) return refuse(response, refusalAnswer('handshake_malformed'))
  // An upgrade may stand right behind the request.
  markBusy(request.socket, response)
  const { decision, cors } = await admission.admitEventStream(openingOf(request))
  // The client has gone meanwhile, or somebody has begun an answer, such as a deadline of the application's: there is no other one.
  if (response.headersSent || response.destroyed || request.socket.destroyed) {
    if (decision.kind === 'admitted') decision.abandon?.()
    return null
  }
  if (decision.kind === 'refused') return refuse(response, refusalAnswer(decision.code, decision.retryAfterMs), cors)
  if (decision.abandon !== null) response.once('close', decision.abandon)
  bind(request, decision)
  tellLastEvent(request, decision.passage.rawHeaders)
  const { clearingCookie } = decision
  return { decision, headers: clearingCookie === null ? cors : { ...cors, 'Set-Cookie': clearingCookie } }
}

/**
 * Ends an event stream with one more event, which tells its client what to do: `event: wsticket`, `data: {"code", "reason", "action"}`. Who
 * does not read it within 3 seconds is cut.
 */
export function closeEventStream(response: ServerResponse, closing: SessionEndingRow): void {
  const { closeCode: code, publicCode: reason, action } = closing
  const deadline = setTimeout(() => response.destroy(), closeDeadlineMs).unref()
  response.once('close', () => clearTimeout(deadline))
  // The colon makes a comment of this line, or ends one that was cut short, so that an event which is not there whole becomes part of this one.
  response.end(`:\nevent: ${endingEventType}\ndata: ${JSON.stringify({ code, reason, action })}\n\n`)
}

function connectionOf(response: ServerResponse): SessionConnection {
  return { close: (closing) => closeEventStream(response, closing), destroy: () => void response.destroy() }
}

/** The header that came as a parameter stands last. */
function tellLastEvent({ headers }: IncomingMessage, rawHeaders: readonly string[]): void {
  const [name = '', id] = rawHeaders.slice(-2)
  if (name.toLowerCase() === 'last-event-id') headers['last-event-id'] = id
}

function refuse(response: ServerResponse, answer: HttpAnswer, cors: HttpAnswer['headers'] = {}): null {
  const { status, headers, body } = answer
  writeHead(response, status, { ...headers, ...cors, 'Content-Length': String(Buffer.byteLength(body)) }).end(body)
  return null
}

/** Beside what the application has set before: its cookies stay, and so does what its answers vary by. */
function writeHead(response: ServerResponse, status: number, headers: HttpAnswer['headers']): ServerResponse {
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'Set-Cookie' || name === 'Vary') response.appendHeader(name, value)
    else response.setHeader(name, value)
  }
  return response.writeHead(status)
}
