/**
 * A WebSocket that asks for a ticket before it opens.
 * @module
 */
import { firstMessage, type Opening, readProtocols, readUrl, withTicket } from './opening.ts'
import { keepRenewed, type SessionRenewal } from './session-renewal.ts'
import { SocketEventTarget } from './socket-event-target.ts'
import { relayedError, SocketCloseEvent, SocketErrorEvent } from './socket-events.ts'
import { TicketRequestError, undecided } from './ticket-request-error.ts'
import { type PresentedTicket, readPresented } from './ticket-source.ts'
import {
  type BaseWebSocket,
  readOptions,
  type TicketWebSocketOptions,
  type TicketWebSocketSettings,
} from './ticket-websocket-options.ts'

/** The constructor of a ticket WebSocket: what the global `WebSocket` is, in every place that takes one. */
export type TicketWebSocketConstructor = typeof WebSocket

type ReadyState = WebSocket['readyState']

const connecting = 0
const closing = 2
const closed = 3

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
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, settings)
    }
  }
}

class ManagedWebSocket extends SocketEventTarget implements WebSocket {
  readonly #settings: TicketWebSocketSettings
  readonly #opening: Opening
  readonly #ticketWanted = new AbortController()
  /** The real socket, from the arrival of the ticket on. */
  #inner: BaseWebSocket | null = null
  /** Says how things stand as long as there is no real socket, and after it is closed. */
  #readyState: ReadyState = connecting
  #binaryType: BinaryType | null = null
  #stopRenewing = () => {}

  constructor(url: string | URL, protocols: string | string[] | undefined, settings: TicketWebSocketSettings) {
    super()
    this.#settings = settings
    this.#opening = { url: readUrl(url, settings), protocols: readProtocols(protocols) }
    // Not at once: nothing may be dispatched before the caller can listen.
    queueMicrotask(() => void this.#open())
  }

  static get CONNECTING(): 0 {
    return 0
  }

  static get OPEN(): 1 {
    return 1
  }

  static get CLOSING(): 2 {
    return 2
  }

  static get CLOSED(): 3 {
    return 3
  }

  get CONNECTING(): 0 {
    return 0
  }

  get OPEN(): 1 {
    return 1
  }

  get CLOSING(): 2 {
    return 2
  }

  get CLOSED(): 3 {
    return 3
  }

  get url(): string {
    return this.#opening.url.href
  }

  get readyState(): ReadyState {
    // Node's own class is still CLOSING when it says that it is closed.
    if (this.#inner === null || this.#readyState === closed) return this.#readyState
    return this.#inner.readyState as ReadyState
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
    if (this.readyState === connecting) throw new DOMException('The WebSocket is not open yet.', 'InvalidStateError')
    this.#inner?.send(data)
  }

  close(code?: number, reason?: string): void {
    checkClose(code, reason)
    this.#stopRenewing()
    this.#inner?.close(code, reason)
    if (this.#inner !== null || this.#readyState !== connecting) return
    this.#readyState = closing
    this.#ticketWanted.abort()
    queueMicrotask(() => this.#end(abnormalClosure, '', { message: 'The WebSocket was closed before it was open.' }))
  }

  async #open(): Promise<void> {
    const { ticketSource, ticketTimeoutMs } = this.#settings
    const { signal } = this.#ticketWanted
    if (signal.aborted) return
    const timer = setTimeout(
      () => this.#fail(undecided(`There was no ticket within ${ticketTimeoutMs} ms.`)),
      ticketTimeoutMs,
    )
    signal.addEventListener('abort', () => clearTimeout(timer))
    try {
      const presented = readPresented(await ticketSource({ signal, url: this.url }))
      if (presented === null) throw undecided('What the ticket source returned is no ticket.')
      if (!signal.aborted) this.#connect(presented)
    } catch (cause) {
      this.#fail(cause instanceof TicketRequestError ? cause : undecided('The ticket source failed.', { cause }))
    } finally {
      clearTimeout(timer)
    }
  }

  #connect(presented: PresentedTicket): void {
    const { WebSocket, carrier } = this.#settings
    const { url, protocols } = withTicket(this.#opening, carrier, presented)
    try {
      this.#inner = protocols.length === 0 ? new WebSocket(url) : new WebSocket(url, protocols)
    } catch {
      // What was thrown is not passed on: it may quote the URL, and with it the ticket and its key.
      this.#end(abnormalClosure, '', { message: 'The WebSocket could not be constructed.' })
      return
    }
    if (this.#binaryType !== null) this.#inner.binaryType = this.#binaryType
    this.#relayEvents(this.#inner, firstMessage(carrier, presented), presented.renewal)
  }

  /** @param message goes before whatever the application sends */
  #relayEvents(inner: BaseWebSocket, message: string | null, renewal: SessionRenewal | undefined): void {
    const { origin } = this.#opening.url
    const arrivedAt = performance.now()
    let opened = false
    inner.onopen = () => {
      opened = true
      if (message !== null) inner.send(message)
      inner.onopen = null
      if (renewal !== undefined) this.#stopRenewing = keepRenewed(renewal, arrivedAt)
      this.dispatchEvent(new Event('open'))
    }
    inner.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.dispatchEvent(new MessageEvent('message', { data, origin }))
    }
    inner.onerror = (event: ErrorEvent) => {
      if (opened) this.dispatchEvent(relayedError(event))
      else this.#endUnopened(relayedError(event, abnormalClosure))
    }
    inner.onclose = ({ code, reason, wasClean }: CloseEvent) => {
      this.#stopRenewing()
      if (this.#readyState === closed) return
      this.#readyState = closed
      this.dispatchEvent(new SocketCloseEvent('close', { code, reason, wasClean }))
    }
  }

  #fail(error: TicketRequestError): void {
    if (this.#readyState !== connecting) return
    this.#ticketWanted.abort()
    this.#end(error.closeCode, error.code, { message: error.message, error })
  }

  #end(code: number, reason: string, what: { message: string; error?: TicketRequestError }): void {
    this.#endUnopened(new SocketErrorEvent('error', { ...what, code, reason }))
  }

  /**
   * `error`, then `close`, of a socket that did not open. The real one's own `close` is not waited for: that of Node 22 never
   * comes.
   */
  #endUnopened(error: SocketErrorEvent): void {
    if (this.#readyState === closed) return
    this.#readyState = closed
    const { code = abnormalClosure, reason = '' } = error
    this.dispatchEvent(error)
    this.dispatchEvent(new SocketCloseEvent('close', { code, reason, wasClean: false }))
  }
}

// WHATWG WebSockets section 3.1, close(). Here and not left to the real class, for there may be none yet.
function checkClose(code: number | undefined, reason: string | undefined): void {
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException('A close code is 1000, or from 3000 to 4999.', 'InvalidAccessError')
  }
  if (reason !== undefined && new TextEncoder().encode(reason).byteLength > 123) {
    throw new DOMException('A close reason has at most 123 bytes.', 'SyntaxError')
  }
}
