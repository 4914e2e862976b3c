import Pusher, { type Options } from 'pusher-js'
import { installTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

/** Once, before the first Pusher. */
export const install = (host: string, tickets: TicketWebSocketOptions) =>
  installTicketWebSocket({ match: (url) => url.host === host, ...tickets })

export const connect = (key: string, options: Options) =>
  new Pusher(key, { ...options, enabledTransports: ['ws', 'wss'] })
