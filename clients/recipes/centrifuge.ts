import { Centrifuge } from 'centrifuge'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketWebSocketOptions) {
  const centrifuge = new Centrifuge(url, { websocket: createTicketWebSocket(tickets) })
  centrifuge.connect()
  return centrifuge
}
