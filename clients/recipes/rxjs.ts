import { repeat, retry } from 'rxjs'
import { webSocket } from 'rxjs/webSocket'
import { createTicketWebSocket, type TicketWebSocketOptions } from 'wsticket/client'

export function connect<Message>(url: string, tickets: TicketWebSocketOptions) {
  const subject = webSocket<Message>({ url, WebSocketCtor: createTicketWebSocket(tickets) })
  return { subject, messages: subject.pipe(retry({ delay: 1000 }), repeat({ delay: 1000 })) }
}
