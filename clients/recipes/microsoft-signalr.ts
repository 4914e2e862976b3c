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
  let timer: ReturnType<typeof setTimeout>
  const start = () => {
    connection.start().catch(() => {
      timer = setTimeout(start, reconnectDelayMs())
    })
  }
  start()
  // Where the first start is still tried, stop() does not know of it.
  const stop = () => {
    clearTimeout(timer)
    return connection.stop()
  }
  return { connection, stop }
}
