import { ConvexClient } from 'convex/browser'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketWebSocketOptions) =>
  new ConvexClient(url, { webSocketConstructor: createTicketWebSocket(tickets) })
