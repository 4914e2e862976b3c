import SturdyWebSocket from 'sturdy-websocket'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketSourceOptions) =>
  new SturdyWebSocket(url, { wsConstructor: createTicketWebSocket(tickets) })
