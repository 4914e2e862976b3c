/**
 * Step 2: a token becomes a ticket, and the ticket an open WebSocket.
 * @module
 */
import { find } from './dom.ts'
import { createOpeningView, type OpeningView } from './opening-view.ts'
import type { Session } from './session.ts'
import { openTicketedSocket } from './ticketed-socket.ts'

/** Hears of the one connection of this page. */
export interface ConnectionListener {
  opened(socket: WebSocket): void
  received(data: unknown): void
  closed(): void
}

/** The connection of this page. */
export interface Connection {
  /** From now on, connecting is done with this session. A connection of another name is closed. */
  use(session: Session): void
}

/** Wires the button, and tells of what the socket does. */
export function mountConnection(listener: ConnectionListener): Connection {
  const view = createOpeningView()
  const button = find('connect', HTMLButtonElement)
  let session: Session | null = null
  let socket: WebSocket | null = null

  button.addEventListener('click', () => {
    if (socket !== null) socket.close(1000)
    else if (session !== null) socket = connect(session, view, { ...listener, closed })
    button.textContent = socket === null ? 'Connect' : 'Disconnect'
  })

  function closed(): void {
    socket = null
    button.textContent = 'Connect'
    listener.closed()
  }

  return {
    use(next) {
      if (session !== null && session.name !== next.name) socket?.close(1000)
      session = next
      button.disabled = false
      if (socket === null) tell('', `Ready to connect as ${next.name}.`)
    },
  }
}

function connect(session: Session, view: OpeningView, listener: ConnectionListener): WebSocket {
  let stage: 'asking' | 'presenting' | 'open' = 'asking'
  view.begin(session)
  tell('', 'Connecting…')
  const socket = openTicketedSocket(session.token, {
    asked: view.asked,
    answered(received, ticket) {
      if (ticket !== null) stage = 'presenting'
      view.answered(received, ticket)
    },
    failed: (reason) => view.failed(`${reason} ${advice(session)}`),
  })
  socket.addEventListener('open', () => {
    stage = 'open'
    view.opened(socket)
    tell('done', `Connected as ${session.name}.`)
    listener.opened(socket)
  })
  socket.addEventListener('message', ({ data }) => listener.received(data))
  socket.addEventListener('close', (event) => {
    if (stage === 'presenting') view.refused()
    tell(event.code === 1000 ? '' : 'failed', describeClose(event))
    listener.closed()
  })
  return socket
}

function advice({ claims }: Session): string {
  return claims.exp * 1000 < Date.now() ? 'Your token has expired: sign in again.' : 'Sign in again, or try later.'
}

function describeClose({ code, reason }: CloseEvent): string {
  if (code === 1000) return 'Disconnected. The next connection takes a new ticket.'
  if (code === 1006) return 'The connection broke off or was refused. A browser is not told why: the audit is.'
  return `Closed with ${code} ${reason}.`
}

function tell(outcome: 'done' | 'failed' | '', sentence: string): void {
  const state = find('connection-state', HTMLElement)
  state.dataset.outcome = outcome
  state.textContent = sentence
}
