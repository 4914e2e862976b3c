import mqtt from 'mqtt'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketWebSocketOptions) {
  const TicketWebSocket = createTicketWebSocket(tickets)
  const createWebsocket = (url: string, protocols: string[]) => new TicketWebSocket(url, protocols)
  return mqtt.connect(url, { createWebsocket, forceNativeWebSocket: true })
}
