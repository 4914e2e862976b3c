/**
 * Reverse proxy for admitted WebSockets. Nothing is tunnelled either way before the upstream has agreed to the handshake.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type AdmittedDecision, type SessionEnding, sessionEndings, systemClock } from 'wsticket'
import { type Accept, refuseUpgrade } from 'wsticket/adapters/node'
import type { GatewayEventSink } from '../events.ts'
import { headerLines } from '../header-lines.ts'
import { dial, type UpstreamAnswer, UpstreamError } from './dial.ts'
import { forwardHandshake, type IsTrustedProxy } from './forwarded-handshake.ts'
import { keepAlive } from './keep-alive.ts'
import { answerTo } from './refused-client.ts'
import { type Asked, extensionNames, returnHandshake } from './returned-handshake.ts'
import { watchForSilence } from './silence.ts'
import { tunnel } from './tunnel.ts'

/** Where admitted WebSockets go. */
export interface WebSocketProxyOptions {
  /** `ws:` or `wss:`. From the configuration, never from a request. */
  readonly upstream: URL
  readonly isTrustedProxy: IsTrustedProxy
  readonly onEvent: GatewayEventSink
  /** How long the upstream may take to answer a handshake, in milliseconds. */
  readonly answerTimeoutMs: number
  /** How long no byte may come from a client before its session ends with 4408, in milliseconds; null for as long as it likes. */
  readonly silenceMs: number | null
}

const lingerMs = 5000
const closeDeadlineMs = 2000

/** Passes admitted handshakes on to the upstream, and joins the two sockets where it agrees. */
export function createWebSocketProxy(options: WebSocketProxyOptions): Accept {
  const { upstream, onEvent, answerTimeoutMs, silenceMs } = options
  return ({ request, socket, head }, decision) => {
    const refused = (error: unknown) => {
      const { code, status } = error instanceof UpstreamError ? error : new UpstreamError('upstream_unreachable')
      // Its client may take its time to close the connection.
      decision.abandon?.()
      onEvent({ type: 'upstream_failed', at: systemClock(), ticketId: decision.session.id, code, status })
      refuseUpgrade(socket, answerTo(code))
    }
    connect(request, socket, decision)
      .then((agreed) => join({ socket, head, connection: request.socket }, agreed, { decision, silenceMs }), refused)
      // Whatever an event sink or a hook throws ends this WebSocket, and not the process.
      .catch(() => socket.destroy())
  }

  async function connect(request: IncomingMessage, client: Duplex, decision: AdmittedDecision): Promise<Agreed> {
    const dialling = dial(upstream, forwardHandshake(request, decision, options), answerTimeoutMs)
    client.once('close', dialling.abandon)
    const answer = await dialling.answer.finally(() => client.off('close', dialling.abandon))
    try {
      return { ...answer, returned: returnHandshake(answer.response, askedIn(request, decision)) }
    } catch (error) {
      answer.socket.destroy()
      throw error
    }
  }
}

/** An upstream that agreed, and the head of the 101 for the client. */
interface Agreed extends UpstreamAnswer {
  readonly returned: string
}

/** A socket, and the bytes that were read from it too early. */
interface End {
  readonly socket: Duplex
  readonly head: Buffer
}

/** The client's end: after a first message its socket is not the connection itself. */
interface ClientEnd extends End {
  readonly connection: Socket
}

interface Joining extends Pick<WebSocketProxyOptions, 'silenceMs'> {
  readonly decision: AdmittedDecision
}

function join(client: ClientEnd, upstream: Agreed, { decision, silenceMs }: Joining): void {
  if (client.socket.destroyed) {
    upstream.socket.destroy()
    return
  }
  for (const { socket, head } of [client, upstream]) if (head.length > 0) socket.unshift(head)
  keepAlive(client.connection)
  keepAlive(upstream.socket)
  client.socket.write(upstream.returned, 'latin1')
  let ending: SessionEnding | null = null
  const onClosed = () => {
    forget()
    detach(ending)
  }
  const connection = tunnel(client.socket, upstream.socket, { lingerMs, closeDeadlineMs, onClosed })
  const onSilent = () => {
    ending = 'session_unresponsive'
    connection.close(sessionEndings[ending])
  }
  const forget = silenceMs === null ? () => {} : watchForSilence(client.socket, silenceMs, onSilent)
  const detach = decision.attach(connection)
}

function askedIn(request: IncomingMessage, { fallbackProtocol, clearingCookie }: AdmittedDecision): Asked {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  return {
    key: request.headers['sec-websocket-key'] ?? '',
    extensions: extensionNames(headerLines(request.rawHeaders)),
    protocols: offered.split(',').flatMap((protocol) => protocol.trim() || []),
    fallbackProtocol,
    clearingCookie,
  }
}
