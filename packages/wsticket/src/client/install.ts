/**
 * The global `WebSocket`, for libraries that take no class: with tickets where a URL matches, as it was for every other.
 * @module
 */
import { socketUrlOf } from './opening.ts'
import { requireOption } from './requirements.ts'
import { createTicketWebSocket } from './ticket-websocket.ts'
import { type BaseWebSocketConstructor, replaced, type TicketWebSocketOptions } from './ticket-websocket-options.ts'

/** Options of {@link installTicketWebSocket}. */
export type InstallTicketWebSocketOptions = TicketWebSocketOptions & {
  /**
   * Whether a WebSocket needs a ticket, by its absolute URL, whose scheme is `ws:` or `wss:`. Called for every WebSocket that anybody
   * opens: name the host and the path. What it throws reaches whoever opens one.
   */
  readonly match: (url: URL) => boolean
}

/**
 * Puts a class in the place of the global `WebSocket` that is the one of `createTicketWebSocket` for the URLs that match, and the one that was
 * there for all others; to `instanceof` both are the global one. Where there is none, as on Node 20, the option `WebSocket` is what others get.
 *
 * Returns a function that puts back what was there. Where somebody else has put another class in its place meanwhile, that stays, and ours
 * does nothing any more. Libraries that have kept the class from before are not reached: call this before they are loaded. It may be called again for other
 * URLs. To see whether tickets are waited for, and to go on, give a `createTicketSource` as `ticketSource`.
 *
 * @throws TypeError and DOMException as `createTicketWebSocket` does
 *
 * @example
 * const uninstall = installTicketWebSocket({
 *   match: (url) => url.host === 'app.example' && url.pathname === '/ws',
 *   ticketUrl: '/tickets',
 *   credential: () => session.accessToken,
 * })
 */
export function installTicketWebSocket({ match, ...options }: InstallTicketWebSocketOptions): () => void {
  requireOption(typeof match === 'function', 'match is a function')
  const { WebSocket: before } = globalThis as { WebSocket?: BaseWebSocketConstructor }
  const TicketWebSocket = createTicketWebSocket(options)
  let isOn = true
  const needsTicket = (argument: string | URL) => {
    const url = isOn ? socketUrlOf(argument) : null
    return url !== null && match(url)
  }

  // Whatever else is asked of it, the class that was there answers: constants, its prototype, its name.
  const patched: typeof WebSocket = new Proxy((before ?? options.WebSocket) as unknown as typeof WebSocket, {
    construct(target, args, newTarget) {
      const [url, protocols] = args
      if (!needsTicket(url)) return Reflect.construct(target, args, newTarget === patched ? target : newTarget)
      if (newTarget === patched) return new TicketWebSocket(url, protocols)
      throw new TypeError('To extend a WebSocket with tickets, extend the class of createTicketWebSocket.')
    },
    get(target, name, receiver) {
      if (name === replaced && receiver === patched) return Reflect.get(target, replaced) ?? target
      // A class that extends this one asks here, too, and has instances of its own.
      return name === Symbol.hasInstance && receiver === patched
        ? (value: unknown) => value instanceof target || value instanceof TicketWebSocket
        : Reflect.get(target, name)
    },
  })
  globalThis.WebSocket = patched
  return () => {
    isOn = false
    if (globalThis.WebSocket === patched) globalThis.WebSocket = before as typeof WebSocket
  }
}
