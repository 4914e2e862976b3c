import { createClient } from 'graphql-ws'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export const connect = (url: string, tickets: TicketWebSocketOptions) =>
  createClient({
    url,
    webSocketImpl: createTicketWebSocket(tickets),
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
  })
