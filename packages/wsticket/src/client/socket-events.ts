/**
 * The events of a ticket WebSocket: real `Event` objects that are dispatched anew, so that their target is the socket that
 * the application holds.
 * @module
 */

import type { TicketFate } from './ticket-source.ts'

/** What a {@link SocketErrorEvent} says. */
export interface SocketErrorEventInit extends EventInit {
  readonly code?: number | undefined
  readonly reason?: string | undefined
  readonly message?: string | undefined
  readonly error?: unknown
}

/**
 * An `error` of a ticket WebSocket.
 *
 * Where the socket did not open, the event has a `code` and a `reason` of its own: those of the `close` that follows it. A
 * browser's has none, but clients such as graphql-ws settle an attempt on whichever comes first, and take an error without a
 * code for a fault of the program, never to be retried. With the code they treat it as the close that it is: 1006 and 1013
 * are tried again, 4401 is final. An error after the open has neither property (`'code' in event` is false), as in a browser.
 */
export class SocketErrorEvent extends Event {
  declare readonly code?: number
  declare readonly reason?: string
  /** For the developer. Never contains a ticket, a credential, or a URL. */
  readonly message: string
  /** A `TicketRequestError`, or the `Error` that the real socket gave, unless its message shows a ticket, or null. */
  readonly error: unknown

  constructor(type: string, init: SocketErrorEventInit = {}) {
    super(type, init)
    this.message = init.message ?? ''
    this.error = init.error ?? null
    if (init.code !== undefined) Object.assign(this, { code: init.code, reason: init.reason ?? '' })
  }
}

class FallbackCloseEvent extends Event implements CloseEvent {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean

  constructor(type: string, init: CloseEventInit = {}) {
    super(type, init)
    this.code = init.code ?? 0
    this.reason = init.reason ?? ''
    this.wasClean = init.wasClean ?? false
  }
}

/** What a {@link TicketCloseEvent} says. */
export interface TicketCloseEventInit extends CloseEventInit {
  readonly detail?: TicketFate | null
}

const RuntimeCloseEvent: new (type: string, init?: CloseEventInit) => CloseEvent =
  globalThis.CloseEvent ?? FallbackCloseEvent

/** The `close` of a ticket WebSocket: the runtime's `CloseEvent`, or a stand-in where it has none (Node before 23), and what became of the ticket. */
export class TicketCloseEvent extends RuntimeCloseEvent {
  /** After a handshake that failed (code 1006); null where nobody was asked, or the answer did not come in time. */
  readonly detail: TicketFate | null

  constructor(type: string, init: TicketCloseEventInit = {}) {
    super(type, init)
    this.detail = init.detail ?? null
  }
}

/** The real socket's `error`, to be dispatched by ours. `init` is that of the `close` that will follow, where it is known. */
export function relayedError(
  { message, error }: { readonly message?: unknown; readonly error?: unknown },
  init: SocketErrorEventInit = {},
): SocketErrorEvent {
  const said = typeof message === 'string' ? message : ''
  const known = error instanceof Error ? error : null
  const namesTicket = /ws[tk]_/.test(`${said} ${known?.message}`)
  return new SocketErrorEvent('error', { ...init, ...(namesTicket ? {} : { message: said, error: known }) })
}
