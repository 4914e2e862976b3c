/**
 * `wsticket/client`: a `WebSocket` and an `EventSource` that ask for a ticket before they open. For browsers, Node, Bun, Deno and Workers.
 * @module
 */

export { createTicketSource, type TicketSourceOptions } from './endpoint-source.ts'
export { type GuardedTicketSource, guardTicketSource } from './guarded-ticket-source.ts'
export { type InstallTicketWebSocketOptions, installTicketWebSocket } from './install.ts'
export { createLock, type TicketLock } from './lock.ts'
export type { ClientCarrier } from './opening.ts'
export { type ReconnectDelayOptions, reconnectDelayMs } from './reconnect-delay.ts'
export type { SessionRenewal } from './session-renewal.ts'
export {
  SocketErrorEvent,
  type SocketErrorEventInit,
  TicketCloseEvent,
  type TicketCloseEventInit,
} from './socket-events.ts'
export type { TicketSourceState } from './ticket-breaker.ts'
export {
  type BaseEventSource,
  type BaseEventSourceConstructor,
  createTicketEventSource,
  type TicketEventSourceConstructor,
  type TicketEventSourceOptions,
} from './ticket-event-source.ts'
export { TicketRequestError, type TicketRequestErrorInit } from './ticket-request-error.ts'
export type { PresentedTicket, TicketFate, TicketRequest, TicketSource } from './ticket-source.ts'
export { createTicketWebSocket, type TicketWebSocketConstructor } from './ticket-websocket.ts'
export type {
  BaseWebSocket,
  BaseWebSocketConstructor,
  TicketWebSocketOptions,
  TicketWebSocketTuning,
} from './ticket-websocket-options.ts'
