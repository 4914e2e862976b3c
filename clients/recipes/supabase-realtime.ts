import { RealtimeClient } from '@supabase/realtime-js'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export function connect(url: string, tickets: TicketSourceOptions) {
  const client = new RealtimeClient(url, {
    transport: createTicketWebSocket(tickets),
    params: { apikey: 'your anonymous key' },
  })
  client.connect()
  return client
}
