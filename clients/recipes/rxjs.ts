import { retry } from 'rxjs'
import { webSocket } from 'rxjs/webSocket'
import { createTicketWebSocket, type TicketSourceOptions } from 'wsticket/client'

export function connect<Message>(url: string, tickets: TicketSourceOptions) {
  const subject = webSocket<Message>({ url, WebSocketCtor: createTicketWebSocket(tickets) })
  return { subject, messages: subject.pipe(retry({ delay: 1000 })) }
}
