import { createWSClient } from '@trpc/client'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

/** For `wsLink({ client })`. */
export const connect = (url: string, tickets: TicketWebSocketOptions) =>
  createWSClient({ url, WebSocket: createTicketWebSocket(tickets) })
