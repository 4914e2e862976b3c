/**
 * Opens a WebSocket with wsticket's client, and lets someone watch how.
 * @module
 */
import { createTicketWebSocket, SocketErrorEvent, TicketRequestError } from 'wsticket/client'
import { readTicket, receivedLines, type Ticket } from './api.ts'

/** Sees what an application does not. Whatever it is given of the wire is masked. */
export interface OpeningWatcher {
  /** The ticket was asked for, with this body. */
  asked(body: string): void
  /** The ticket endpoint answered; `ticket` is null where it refused. */
  answered(received: readonly string[], ticket: Ticket | null): void
  /** The ticket request failed, or was refused: a sentence for the user. */
  failed(reason: string): void
}

/** Opens the chat. The socket is a `WebSocket` like any other: it can be closed while it is still getting its ticket. */
export function openTicketedSocket(token: string, watcher: OpeningWatcher): WebSocket {
  const watchedFetch: typeof fetch = async (input, init) => {
    watcher.asked(typeof init?.body === 'string' ? init.body : '')
    const response = await fetch(input, init)
    watcher.answered(await receivedLines(response.clone()), await readTicket(response.clone()))
    return response
  }
  const TicketWebSocket = createTicketWebSocket({
    ticketUrl: '/tickets',
    credential: () => token,
    fetch: watchedFetch,
  })
  const socket = new TicketWebSocket('/ws')
  socket.addEventListener('error', (event) => {
    if (event instanceof SocketErrorEvent && event.error instanceof TicketRequestError) {
      watcher.failed(event.error.message)
    }
  })
  return socket
}
