import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'
import type { Doc } from 'yjs'

export function connect(url: string, document: Doc, tickets: TicketWebSocketOptions) {
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: createTicketWebSocket(tickets) })
  const provider = new HocuspocusProvider({ websocketProvider, name: 'room', document })
  provider.attach()
  return websocketProvider
}
