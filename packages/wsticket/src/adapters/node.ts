/**
 * Adapter for `node:http`: the ticket endpoint as a request listener, admission as an upgrade listener.
 * @module
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { NodeRequest } from 'srvx/node'
import type { Admission, AdmittedDecision } from '../admission.ts'
import type { Opening } from '../handshake.ts'
import { type HttpAnswer, refusalAnswer } from '../problem.ts'
import type { Session } from '../sessions.ts'
import type { TicketEndpoint } from '../ticket-endpoint.ts'

/** What `server.on('request', ...)` takes. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

/** What `server.on('upgrade', ...)` takes. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Answers an admitted handshake with 101. The request no longer carries the ticket. */
export type Accept = (request: IncomingMessage, socket: Duplex, head: Buffer, decision: AdmittedDecision) => void

// A property, not a WeakMap: it costs nothing at garbage collection, however many sockets live.
const decided: unique symbol = Symbol('wsticket.decision')

/** The decision by which a request was admitted; undefined for any other request. */
export function decisionOf(request: object): AdmittedDecision | undefined {
  return (request as { [decided]?: AdmittedDecision })[decided]
}

/**
 * The session that an admitted request opened: who is at the other end of the WebSocket.
 * @throws TypeError for a request that was not admitted here: there is nobody to trust.
 */
export function sessionOf(request: object): Session {
  const decision = decisionOf(request)
  if (decision === undefined) throw new TypeError('sessionOf() takes the request of an admitted handshake')
  return decision.session
}

/** The ticket endpoint as a listener for `createServer`. */
export function createRequestListener(endpoint: TicketEndpoint): RequestListener {
  return (request, response) => {
    const peer = { address: request.socket.remoteAddress ?? null }
    endpoint.answer(new NodeRequest({ req: request, res: response }), peer).then(
      ({ status, headers, body }) => {
        response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
        response.end(body)
      },
      // The endpoint never rejects; a response that cannot be written is no reason to end the process.
      () => response.destroy(),
    )
  }
}

/**
 * Admission as a listener for `server.on('upgrade', ...)`. Takes every upgrade that it is given; the socket's errors are
 * handled from the first byte on, and a refusal is written and the connection closed.
 */
export function createUpgradeListener(admission: Admission, accept: Accept): UpgradeListener {
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    void admission.admit(openingOf(request)).then((decision) => {
      if (decision.kind === 'refused') return refuseUpgrade(socket, refusalAnswer(decision.code))
      request.url = decision.passage.target
      replaceHeaders(request, decision.passage.rawHeaders)
      ;(request as { [decided]?: AdmittedDecision })[decided] = decision
      accept(request, socket, head, decision)
    })
  }
}

/** Writes an answer to an upgrade request, and closes the connection. */
export function refuseUpgrade(socket: Duplex, { status, headers, body }: HttpAnswer): void {
  const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`)
}

/** Header names of the carriers. */
const carrierHeaders = ['authorization', 'sec-websocket-protocol']

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

/** Takes the ticket out of every view that an IncomingMessage has of its headers. */
function replaceHeaders(request: IncomingMessage, rawHeaders: readonly string[]): void {
  const { headers } = request
  for (const name of carrierHeaders) {
    if (headers[name] === undefined) continue
    const lines = rawHeaders.filter((_, at) => at % 2 === 1 && (rawHeaders[at - 1] as string).toLowerCase() === name)
    if (lines.length === 0) delete headers[name]
    else headers[name] = lines.join(', ')
  }
  request.rawHeaders = rawHeaders as string[]
  Object.defineProperty(request, 'headersDistinct', distinctView)
}

function openingOf(request: IncomingMessage): Opening {
  return {
    method: request.method ?? '',
    httpVersion: request.httpVersion,
    target: request.url ?? '',
    rawHeaders: request.rawHeaders,
    peerAddress: request.socket.remoteAddress ?? null,
  }
}
