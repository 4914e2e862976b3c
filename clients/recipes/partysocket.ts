import { WebSocket } from 'partysocket'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketWebSocketOptions) =>
  new WebSocket(url, [], { WebSocket: createTicketWebSocket(tickets) })
