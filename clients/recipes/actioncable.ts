import { adapters, createConsumer } from '@rails/actioncable'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketSourceOptions) {
  adapters.WebSocket = createTicketWebSocket(tickets)
  return createConsumer(url)
}
