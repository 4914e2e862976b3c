import Pusher from 'pusher-js'
import { installTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

/** Once, before the first Pusher. */
export const install = (host: string, tickets: TicketWebSocketOptions) =>
  installTicketWebSocket({ match: (url) => url.host === host, ...tickets })

export const connect = (wsHost: string, wsPort: number) =>
  new Pusher('key', { wsHost, wsPort, forceTLS: false, enabledTransports: ['ws'], cluster: '' })
