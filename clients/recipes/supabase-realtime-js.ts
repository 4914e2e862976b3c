import { RealtimeClient } from '@supabase/realtime-js'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketWebSocketOptions) {
  const client = new RealtimeClient(url, {
    transport: createTicketWebSocket(tickets),
    params: { apikey: 'your anonymous key' },
  })
  client.connect()
  return client
}
