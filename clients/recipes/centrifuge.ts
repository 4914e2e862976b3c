import { Centrifuge } from 'centrifuge'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketSourceOptions) {
  const centrifuge = new Centrifuge(url, { websocket: createTicketWebSocket(tickets) })
  centrifuge.connect()
  return centrifuge
}
