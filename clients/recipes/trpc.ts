import { createWSClient } from '@trpc/client'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

/** For `wsLink({ client })`. */
export const connect = (url: string, tickets: TicketSourceOptions) =>
  createWSClient({ url, WebSocket: createTicketWebSocket(tickets) })
