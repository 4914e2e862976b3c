import { HttpTransportType, HubConnectionBuilder } from '@microsoft/signalr'
import { createTicketWebSocket, reconnectDelayMs, type TicketWebSocketOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketWebSocketOptions) {
  // Not in the call: its types do not tell of WebSocket.
  const options = {
    WebSocket: createTicketWebSocket(tickets),
    transport: HttpTransportType.WebSockets,
    skipNegotiation: true,
  }
  const connection = new HubConnectionBuilder()
    .withUrl(url, options)
    .withAutomaticReconnect({
      nextRetryDelayInMilliseconds: ({ previousRetryCount }) => reconnectDelayMs({ attempt: previousRetryCount }),
    })
    .build()
  const start = () => {
    connection.start().catch(() => setTimeout(start, reconnectDelayMs()))
  }
  start()
  return connection
}
