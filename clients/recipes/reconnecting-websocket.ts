import ReconnectingWebSocket from 'reconnecting-websocket'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketWebSocketOptions) =>
  new ReconnectingWebSocket(url, [], { WebSocket: createTicketWebSocket(tickets) })
