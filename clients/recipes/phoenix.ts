import { Socket } from 'phoenix'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketWebSocketOptions) {
  const socket = new Socket(url, { transport: createTicketWebSocket(tickets) })
  socket.connect()
  return socket
}
