import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'
import { WebsocketProvider } from 'y-websocket'
import type { Doc } from 'yjs'

export const connect = (url: string, document: Doc, tickets: TicketSourceOptions) =>
  new WebsocketProvider(url, 'room', document, { WebSocketPolyfill: createTicketWebSocket(tickets) })
