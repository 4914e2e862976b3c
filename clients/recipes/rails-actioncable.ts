import { adapters, createConsumer } from '@rails/actioncable'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketWebSocketOptions) {
  adapters.WebSocket = createTicketWebSocket(tickets)
  return createConsumer(url)
}
