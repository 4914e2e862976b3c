import { io, WebSocket as Transport } from 'socket.io-client'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketWebSocketOptions) {
  const TicketWebSocket = createTicketWebSocket(tickets)
  class TicketTransport extends Transport {
    override createSocket(uri: string, protocols: string | string[] | undefined) {
      return new TicketWebSocket(uri, protocols)
    }
  }
  return io(url, { transports: [TicketTransport] })
}
