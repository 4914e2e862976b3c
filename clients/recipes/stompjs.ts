import { Client, Versions } from '@stomp/stompjs'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketSourceOptions) {
  const TicketWebSocket = createTicketWebSocket(tickets)
  const client = new Client({
    webSocketFactory: () => new TicketWebSocket(url, Versions.default.protocolVersions()),
    reconnectDelay: 1000,
  })
  client.activate()
  return client
}
