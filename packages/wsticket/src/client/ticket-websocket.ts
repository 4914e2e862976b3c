/**
 * A WebSocket that asks for a ticket before it opens.
 * @module
 */
import { fateInTime, ticketInTime } from './attempt.ts'
import type { GuardedTicketSource } from './guarded-ticket-source.ts'
import { defineConstants, defineHandlers } from './handler-target.ts'
import { firstMessage, type Opening, readProtocols, readUrl, withTicket } from './opening.ts'
import { requireOf } from './requirements.ts'
import { keepRenewed } from './session-renewal.ts'
import { SocketEventTarget } from './socket-event-target.ts'
import { relayedError, SocketErrorEvent, TicketCloseEvent, type TicketCloseEventInit } from './socket-events.ts'
import { TicketRequestError, undecided } from './ticket-request-error.ts'
import type { PresentedTicket, TicketFate } from './ticket-source.ts'
import {
  type BaseWebSocket,
  readOptions,
  type TicketWebSocketOptions,
  type TicketWebSocketSettings,
} from './ticket-websocket-options.ts'

/** The constructor of a ticket WebSocket: what the global `WebSocket` is, in every place that takes one. */
export type TicketWebSocketConstructor = typeof WebSocket & {
  /** Where its tickets come from: whether it waits or is stopped, and how to go on. */
  readonly ticketSource: GuardedTicketSource
}

type ReadyState = WebSocket['readyState']

const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const
const { CONNECTING: connecting, OPEN: open, CLOSING: closing, CLOSED: closed } = states

// RFC 6455 section 7.1.5: the code of a connection that was not closed but failed.
const abnormalClosure = 1006

/**
 * Makes a class that is a `WebSocket` to whoever uses it, and gets a fresh ticket for each of its sockets.
 *
 * - Neither `url` nor `protocol` nor any event or error shows the ticket or its key; they are kept nowhere.
 * - A ticket request that fails, or takes longer than `ticketTimeoutMs`, is an `error` event, then a `close` event with the
 *   code and reason of the refusal: 4401 `invalid_token`, 4403 `forbidden`, 4429 `rate_limited`, 1013 `try_later`, and so on.
 *   The error event has the same `code` and `reason`, and the `TicketRequestError` as `error` (see `SocketErrorEvent`).
 * - Before its session ends it is renewed with a newer credential, over HTTP, unless `renewal` is `off`; nothing is sent over the socket.
 * - It never reconnects: that is left to the client around it, whose next socket gets the next ticket.
 * - `close()` before there is a ticket gives up the request and opens nothing: `error`, then `close` with 1006.
 * - `binaryType` is passed on only if it was set: the real class's own default holds, which for `ws` is `nodebuffer`.
 * - A `ws:` URL of another machine is a `SecurityError`, unless `insecureHosts` names it or the page came so itself.
 *
 * @throws TypeError for options that cannot be, where there is no WebSocket class, and where the ticket is to be locked and there
 * is no `crypto.subtle`
 * @throws DOMException `SecurityError` where the credential would travel in plaintext
 *
 * @example
 * const TicketWebSocket = createTicketWebSocket({ ticketUrl: '/tickets', credential: () => session.accessToken })
 * const socket = new TicketWebSocket('wss://app.example/ws')
 */
export function createTicketWebSocket(options: TicketWebSocketOptions): TicketWebSocketConstructor {
  const settings = readOptions(options)
  return class TicketWebSocket extends ManagedWebSocket {
    static readonly ticketSource = settings.ticketSource

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, settings)
    }
  }
}

class ManagedWebSocket extends SocketEventTarget implements WebSocket {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3
  readonly #settings: TicketWebSocketSettings
  readonly #opening: Opening
  readonly #ticketWanted = new AbortController()
  readonly #beganAt = performance.now()
  /** The real socket, from the arrival of the ticket on. */
  #inner: BaseWebSocket | null = null
  /** Says how things stand as soon as it is past CONNECTING, which it is at the end: until then the real socket says it. */
  #readyState: ReadyState = connecting
  #binaryType: BinaryType | null = null
  #stopRenewing = () => {}

  static {
    defineConstants(ManagedWebSocket, states)
    defineHandlers(ManagedWebSocket.prototype, ['open', 'message', 'error', 'close'])
  }

  constructor(url: string | URL, protocols: string | string[] | undefined, settings: TicketWebSocketSettings) {
    super()
    this.#settings = settings
    this.#opening = { url: readUrl(url, settings), protocols: readProtocols(protocols) }
    // Not at once: nothing may be dispatched before the caller can listen.
    queueMicrotask(() => void this.#open())
  }

  get url(): string {
    return this.#opening.url.href
  }

  get readyState(): ReadyState {
    // Node's own class is still CLOSING when it says that it is closed.
    return this.#readyState || ((this.#inner?.readyState ?? connecting) as ReadyState)
  }

  /** The application's subprotocol that the server selected, or ''. */
  get protocol(): string {
    const selected = this.#inner?.protocol ?? ''
    return this.#opening.protocols.includes(selected) ? selected : ''
  }

  get extensions(): string {
    return this.#inner?.extensions ?? ''
  }

  get bufferedAmount(): number {
    return this.#inner?.bufferedAmount ?? 0
  }

  get binaryType(): BinaryType {
    return (this.#inner?.binaryType as BinaryType | undefined) ?? this.#binaryType ?? 'blob'
  }

  set binaryType(type: BinaryType) {
    this.#binaryType = type
    if (this.#inner !== null) this.#inner.binaryType = type
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>): void {
    requireOf('InvalidStateError', this.readyState !== connecting, 'The WebSocket is not open yet')
    // What is not open any more drops it. Node's own class may still be CONNECTING when it has failed.
    if (this.readyState === open) this.#inner?.send(data)
  }

  close(code?: number, reason?: string): void {
    checkClose(code, reason)
    this.#stopRenewing()
    this.#ticketWanted.abort()
    this.#inner?.close(code, reason)
    if (this.#inner !== null || this.#readyState !== connecting) return
    this.#readyState = closing
    const message = 'The WebSocket was closed before it was open.'
    queueMicrotask(() => this.#end(new SocketErrorEvent('error', { message, code: abnormalClosure })))
  }

  async #open(): Promise<void> {
    const wanted = this.#ticketWanted
    if (wanted.signal.aborted) return
    try {
      const presented = await ticketInTime(this.#settings, this.url, wanted)
      if (!wanted.signal.aborted) this.#connect(presented)
    } catch (cause) {
      // Anything else may quote the URL, and with it the ticket and its key.
      const error = cause instanceof TicketRequestError ? cause : undecided('The WebSocket could not be constructed.')
      // A turn of its own, as a connection has that fails: who comes back at once would otherwise leave no turn to anybody else.
      if (this.#readyState === connecting) setTimeout(() => this.#fail(error))
    }
  }

  #fail(error: TicketRequestError): void {
    const { message, code: reason, closeCode: code } = error
    if (this.#readyState === connecting) this.#end(new SocketErrorEvent('error', { message, error, code, reason }))
  }

  #connect(presented: PresentedTicket): void {
    const { WebSocket, carrier } = this.#settings
    const { url, protocols } = withTicket(this.#opening, carrier, presented)
    this.#inner = protocols.length === 0 ? new WebSocket(url) : new WebSocket(url, protocols)
    if (this.#binaryType !== null) this.#inner.binaryType = this.#binaryType
    this.#relayEvents(this.#inner, firstMessage(carrier, presented), presented)
  }

  /** @param message goes before whatever the application sends */
  #relayEvents(inner: BaseWebSocket, message: string | null, { renewal, inquire }: PresentedTicket): void {
    const { origin } = this.#opening.url
    const arrivedAt = performance.now()
    let opened = false
    inner.onopen = () => {
      opened = true
      if (message !== null) inner.send(message)
      inner.onopen = null
      this.#stopRenewing = keepRenewed(renewal, arrivedAt)
      this.dispatchEvent(new Event('open'))
    }
    inner.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.dispatchEvent(new MessageEvent('message', { data, origin }))
    }
    inner.onerror = (event: ErrorEvent) => {
      if (opened) this.dispatchEvent(relayedError(event))
      else void this.#endUnopened(event, inquire)
    }
    inner.onclose = ({ code, reason, wasClean }: CloseEvent) => {
      this.#stopRenewing()
      if (opened) this.#close({ code, reason, wasClean })
      else void this.#endUnopened({}, inquire)
    }
  }

  /** The handshake failed: asks why. The real one's `close` is not waited for: that of Node 22 never comes. */
  async #endUnopened(event: Partial<ErrorEvent>, inquire: PresentedTicket['inquire']): Promise<void> {
    if (this.#readyState !== connecting) return
    this.#readyState = closing
    const { ticketTimeoutMs } = this.#settings
    const fate = await fateInTime({ inquire, ticketTimeoutMs, beganAt: this.#beganAt }, this.#ticketWanted)
    this.#end(relayedError(event, { code: abnormalClosure, reason: fate?.code ?? '' }), fate)
  }

  /** `error`, then `close`, of a socket that did not open. */
  #end(error: SocketErrorEvent, detail: TicketFate | null = null): void {
    const { code = abnormalClosure, reason = '' } = error
    this.#readyState = closed
    this.dispatchEvent(error)
    this.#close({ code, reason, detail })
  }

  #close(init: TicketCloseEventInit): void {
    this.#readyState = closed
    this.dispatchEvent(new TicketCloseEvent('close', init))
  }
}

// WHATWG WebSockets section 3.1, close(). Here and not left to the real class, for there may be none yet.
function checkClose(code: number | undefined, reason: string | undefined): void {
  const isCode = code === undefined || code === 1000 || (code >= 3000 && code <= 4999)
  requireOf('InvalidAccessError', isCode, 'A close code is 1000, or from 3000 to 4999')
  requireOf('SyntaxError', new TextEncoder().encode(reason).byteLength <= 123, 'A close reason has at most 123 bytes')
}
