import { repeat, retry, timer } from 'rxjs'
import { webSocket } from 'rxjs/webSocket'
import { createTicketWebSocket, reconnectDelayMs, type TicketWebSocketOptions } from 'wsticket/client'

export function connect<Message>(url: string, tickets: TicketWebSocketOptions) {
  const subject = webSocket<Message>({ url, WebSocketCtor: createTicketWebSocket(tickets) })
  const delay = () => timer(reconnectDelayMs())
  return { subject, messages: subject.pipe(retry({ delay }), repeat({ delay })) }
}
