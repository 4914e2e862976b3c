import SturdyWebSocket from 'sturdy-websocket'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketWebSocketOptions) =>
  new SturdyWebSocket(url, { wsConstructor: createTicketWebSocket(tickets) })
