/**
 * Adapter for `node:http`: the ticket endpoint as a request listener, admission as an upgrade listener.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { NodeRequest } from 'srvx/node'
import type { Admission, AdmittedDecision, AwaitMessageDecision } from '../admission.ts'
import { maxHeaderLines } from '../handshake.ts'
import { issueRefusalAnswer, refusalAnswer } from '../problem.ts'
import { refusals } from '../refusals.ts'
import type { TicketEndpoint } from '../ticket-endpoint.ts'
import { boundRequests, type RequestListener } from './bounded-requests.ts'
import { isBusy } from './busy-sockets.ts'
import { bind } from './decided-request.ts'
import { readFirstFrame } from './first-frame.ts'
import { openingOf } from './incoming-message.ts'
import { closeWebSocket, refuseUpgrade } from './lingering-close.ts'
import { acceptance, UpgradedSocket } from './upgraded-socket.ts'

export { boundRequests, type RequestListener } from './bounded-requests.ts'
export { decisionOf, sessionOf } from './decided-request.ts'
export {
  admitEventStream,
  closeEventStream,
  type DecidedEventStream,
  decideEventStream,
  type Exchange,
} from './event-stream.ts'
export { refuseUpgrade } from './lingering-close.ts'

/** What `server.on('upgrade', ...)` takes. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** What Node gives for an upgrade: the request, its socket, and the bytes that came right behind the request. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** Answers an admitted handshake with 101. The request no longer carries the ticket. */
export type Accept = (upgrade: Upgrade, decision: AdmittedDecision) => void

/**
 * Options for `createServer` that bound what a client can make it wait for and keep, in milliseconds and bytes:
 * `createServer({ ...serverLimits }, createRequestListener(endpoint))`. Node's own are 60 s for a head, 300 s for a request, looked
 * at every 30 s, and 16 KiB.
 */
export const serverLimits: {
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly connectionsCheckingInterval: number
  readonly keepAliveTimeout: number
  readonly maxHeaderSize: number
} = Object.freeze({
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 250,
  keepAliveTimeout: 5000,
  maxHeaderSize: 8192,
})

/**
 * The ticket endpoint as a listener for `createServer`. A request with more header lines than a handshake may have is
 * refused, too: Node drops lines without a word, and the proxy's X-Forwarded-For may be one of them. Each connection is bounded as
 * {@link boundRequests} says.
 */
export function createRequestListener(endpoint: TicketEndpoint): RequestListener {
  const tooManyLines = issueRefusalAnswer('request_malformed')
  return boundRequests((request, response) => {
    const peer = { address: request.socket.remoteAddress ?? null }
    const isLegible = request.rawHeaders.length <= 2 * maxHeaderLines
    const answer = isLegible ? endpoint.answer(new NodeRequest({ req: request, res: response }), peer) : tooManyLines
    Promise.resolve(answer)
      .then(({ status, headers, body }) => {
        // RFC 9110 section 8.6: a 204 has no Content-Length.
        const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) }
        response.writeHead(status, { ...headers, ...length }).end(body)
      })
      // The endpoint never rejects; a response that cannot be written is no reason to end the process.
      .catch(() => response.destroy())
  })
}

/**
 * Admission as a listener for `server.on('upgrade', ...)`. Takes every upgrade that it is given; the socket's errors are
 * handled from the first byte on, and a refusal is written and the connection closed. A client that is gone, or has said
 * that it sends nothing more, is not accepted. What `accept` throws closes the connection, and is an uncaught exception, as
 * it is in a listener for `upgrade`: it is the application's, and not for this one to keep quiet about.
 */
export function createUpgradeListener(admission: Pick<Admission, 'admit'>, accept: Accept): UpgradeListener {
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    // Whatever is written now would stand in the middle of an event stream.
    if (isBusy(socket)) return void socket.destroy()
    admission
      .admit(openingOf(request))
      .then((decision) => {
        if (decision.kind === 'refused')
          return refuseUpgrade(socket, refusalAnswer(decision.code, decision.retryAfterMs))
        if (decision.kind === 'await_message') return awaitMessage({ request, socket, head }, decision, accept)
        return take({ request, socket, head }, decision, { socket, accept })
      })
      .catch((error: unknown) => {
        socket.destroy()
        queueMicrotask(() => {
          throw error
        })
      })
  }
}

/**
 * Sends the 101, and has the first message decide. What comes behind it stays in the socket's own buffer, which is bounded, and with
 * the client.
 */
async function awaitMessage(upgrade: Upgrade, waiting: AwaitMessageDecision, accept: Accept): Promise<void> {
  const { request, socket } = upgrade
  if (socket instanceof Socket) socket.setTimeout(0).setNoDelay(true)
  // Of a client that is gone there is no first message, and that, too, has to be decided.
  if (socket.writable) socket.write(acceptance(request.headers['sec-websocket-key'] ?? '', waiting.protocol))
  const { message, rest } = await readFirstFrame(socket, upgrade.head, waiting)
  const decision = await waiting.admit(message)
  if (decision.kind === 'refused') return closeWebSocket(socket, refusals[decision.code])
  const taken = { request, socket: new UpgradedSocket(socket, waiting.protocol), head: rest }
  return take(taken, decision, { socket, accept })
}

/** Who is to have it, unless its client has gone meanwhile. */
interface Taking {
  /** That of the client itself. */
  readonly socket: Duplex
  readonly accept: Accept
}

function take(upgrade: Upgrade, decision: AdmittedDecision, { socket, accept }: Taking): void | Promise<void> {
  if (!socket.readable || !socket.writable) {
    decision.abandon?.()
    return void socket.destroy()
  }
  if (decision.abandon !== null) socket.once('close', decision.abandon)
  bind(upgrade.request, decision)
  return accept(upgrade, decision)
}
