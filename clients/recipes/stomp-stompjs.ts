import { Client, Versions } from '@stomp/stompjs'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketWebSocketOptions) {
  const TicketWebSocket = createTicketWebSocket(tickets)
  const client = new Client({
    webSocketFactory: () => new TicketWebSocket(url, Versions.default.protocolVersions()),
  })
  client.activate()
  return client
}
