import { WebSocket } from 'partysocket'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketSourceOptions) =>
  new WebSocket(url, [], { WebSocket: createTicketWebSocket(tickets) })
