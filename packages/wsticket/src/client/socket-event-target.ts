/**
 * The part of the `WebSocket` interface that is about events: typed listeners, and the on* handlers.
 * @module
 */

/** A listener, or an on* handler, of one type of event. */
export type SocketListener<Type extends keyof WebSocketEventMap> = (
  this: WebSocket,
  event: WebSocketEventMap[Type],
) => unknown

type Handler<Type extends keyof WebSocketEventMap> = SocketListener<Type> | null

type Handlers = { [Type in keyof WebSocketEventMap]: Handler<Type> }

/**
 * An `EventTarget` with the four on* handlers of a WebSocket. A handler is called in the place among the listeners where it
 * was first set (HTML section 8.1.8.1).
 */
export class SocketEventTarget extends EventTarget {
  readonly #handlers: Handlers = { open: null, message: null, error: null, close: null }

  readonly #callHandler = (event: Event): void => {
    const handler = this.#handlers[event.type as keyof Handlers] as ((event: Event) => unknown) | null
    handler?.call(this, event)
  }

  get onopen(): Handler<'open'> {
    return this.#handlers.open
  }

  set onopen(handler: Handler<'open'>) {
    this.#handlers.open = this.#replace('open', handler)
  }

  get onmessage(): Handler<'message'> {
    return this.#handlers.message
  }

  set onmessage(handler: Handler<'message'>) {
    this.#handlers.message = this.#replace('message', handler)
  }

  get onerror(): Handler<'error'> {
    return this.#handlers.error
  }

  set onerror(handler: Handler<'error'>) {
    this.#handlers.error = this.#replace('error', handler)
  }

  get onclose(): Handler<'close'> {
    return this.#handlers.close
  }

  set onclose(handler: Handler<'close'>) {
    this.#handlers.close = this.#replace('close', handler)
  }

  override addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: SocketListener<Type>,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options)
  }

  override removeEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: SocketListener<Type>,
    options?: boolean | EventListenerOptions,
  ): void
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener, options)
  }

  #replace<Type extends keyof Handlers>(type: Type, handler: Handler<Type>): Handler<Type> {
    const next = typeof handler === 'function' ? handler : null
    // The listener stays where it is while handlers follow one another: a second addition of the same changes nothing.
    if (next === null) super.removeEventListener(type, this.#callHandler)
    else super.addEventListener(type, this.#callHandler)
    return next
  }
}
