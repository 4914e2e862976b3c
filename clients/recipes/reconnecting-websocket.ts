import ReconnectingWebSocket from 'reconnecting-websocket'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketSourceOptions) =>
  new ReconnectingWebSocket(url, [], { WebSocket: createTicketWebSocket(tickets) })
