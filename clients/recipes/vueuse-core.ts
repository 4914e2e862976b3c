import { useWebSocket } from '@vueuse/core'
import { installTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

/** Once, before the first component. */
export const install = (url: string, tickets: TicketWebSocketOptions) =>
  installTicketWebSocket({ match: ({ href }) => href === url, ...tickets })

export const connect = (url: string) => useWebSocket<string>(url, { autoReconnect: true })
