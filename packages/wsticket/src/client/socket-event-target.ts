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

/** What listeners and handlers are to whoever sets them. */
interface SocketEvents extends EventTarget {
  onopen: Handler<'open'>
  onmessage: Handler<'message'>
  onerror: Handler<'error'>
  onclose: Handler<'close'>

  addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: SocketListener<Type>,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  removeEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: SocketListener<Type>,
    options?: boolean | EventListenerOptions,
  ): void
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void
}

/** An `EventTarget` to which the four on* handlers of a WebSocket are still to be given. */
export const SocketEventTarget: new () => SocketEvents = EventTarget as unknown as new () => SocketEvents
