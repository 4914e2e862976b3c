import { Socket } from 'phoenix'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketSourceOptions) {
  const socket = new Socket(url, { transport: createTicketWebSocket(tickets) })
  socket.connect()
  return socket
}
