import { createClient } from 'graphql-ws'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketSourceOptions) =>
  createClient({
    url,
    webSocketImpl: createTicketWebSocket(tickets),
    retryAttempts: Number.POSITIVE_INFINITY,
  })
