import { ExponentialBackoff, WebsocketBuilder } from 'websocket-ts'
import { installTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

/** Once, before the first WebSocket. */
export const install = (url: string, tickets: TicketWebSocketOptions) =>
  installTicketWebSocket({ match: ({ href }) => href === url, ...tickets })

export const connect = (url: string) => new WebsocketBuilder(url).withBackoff(new ExponentialBackoff(1000, 5)).build()
