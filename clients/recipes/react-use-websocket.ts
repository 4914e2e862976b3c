import useWebSocket from 'react-use-websocket'
import { installTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

/** Once, before the first component is rendered. */
export const install = (url: string, tickets: TicketWebSocketOptions) =>
  installTicketWebSocket({ match: ({ href }) => href === url, ...tickets })

export const useMessages = (url: string) =>
  useWebSocket(url, { shouldReconnect: () => true, reconnectAttempts: Number.POSITIVE_INFINITY })
