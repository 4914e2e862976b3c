import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'
import { WebsocketProvider } from 'y-websocket'
import type { Doc } from 'yjs'

export const connect = (url: string, document: Doc, tickets: TicketWebSocketOptions) =>
  new WebsocketProvider(url, 'room', document, { WebSocketPolyfill: createTicketWebSocket(tickets) })
