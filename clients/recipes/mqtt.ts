import mqtt from 'mqtt'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketSourceOptions) {
  const TicketWebSocket = createTicketWebSocket(tickets)
  const createWebsocket = (url: string, protocols: string[]) => new TicketWebSocket(url, protocols)
  return mqtt.connect(url, { createWebsocket, forceNativeWebSocket: true })
}
