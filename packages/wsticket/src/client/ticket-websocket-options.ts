/**
 * The options of `createTicketWebSocket`, checked.
 * @module
 */
import { longestDelayMs } from './delays.ts'
import { createTicketSource, type TicketSourceOptions } from './endpoint-source.ts'
import { type GuardedTicketSource, guardTicketSource } from './guarded-ticket-source.ts'
import type { ClientCarrier, OpeningRules } from './opening.ts'
import { requireClass, requireOneOf, requireOption } from './requirements.ts'
import type { TicketSource } from './ticket-source.ts'
import { readHosts } from './transport.ts'

/** What a ticket WebSocket needs of the socket beneath it: the browser's has it, `ws`'s has it. */
export interface BaseWebSocket {
  binaryType: string
  readonly bufferedAmount: number
  readonly extensions: string
  readonly protocol: string
  readonly readyState: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

/** The constructor of the socket beneath. */
export type BaseWebSocketConstructor = new (url: string, protocols?: string[]) => BaseWebSocket

/** The options that there are whatever the tickets come from. */
export interface TicketWebSocketTuning {
  /**
   * How the ticket travels. Default `subprotocol`: no access log shows it, but the server must select one of the offered
   * subprotocols, as wsticket's adapters do. `query` works with any server, and stands in every log on the way. `message` is sent as
   * the first message: `open` then says only that it is on its way, and what the application sends follows it; a refusal is a `close`
   * event with the code and reason of the table, 4401 `invalid_ticket` and so on.
   */
  readonly carrier?: ClientCarrier | undefined
  /**
   * How long a ticket may take, `credential()` included, in milliseconds, before the socket fails with `try_later`. Default
   * 3000: reconnecting clients give up on a socket that has not opened after 4 or 5 seconds.
   */
  readonly ticketTimeoutMs?: number | undefined
  /**
   * Hosts to which tickets and credentials may go without TLS, as `URL.hostname` spells them: no port, IPv6 in brackets.
   * Default: none. Needed neither for this machine, nor on a page that itself came over plain http from another machine.
   */
  readonly insecureHosts?: readonly string[] | undefined
  /**
   * The real WebSocket class. Default: the global one at the time of the call. On Node 20 give `ws`'s; for a client
   * certificate or other headers, a subclass that passes them to its constructor.
   */
  readonly WebSocket?: BaseWebSocketConstructor | undefined
}

/** A ticket endpoint and a credential, or a ticket source of one's own. */
export type TicketOrigin =
  | (TicketSourceOptions & { readonly ticketSource?: undefined })
  | {
      /** Gets the ticket of each attempt, in place of `ticketUrl`, `credential`, `audience`, `lock`, `renewal` and `fetch`. */
      readonly ticketSource: TicketSource
      readonly ticketUrl?: undefined
      readonly credential?: undefined
      readonly audience?: undefined
      readonly lock?: undefined
      readonly renewal?: undefined
      readonly fetch?: undefined
    }

/** Options of `createTicketWebSocket`. */
export type TicketWebSocketOptions = TicketWebSocketTuning & TicketOrigin

/** What is the same whatever the tickets open. */
export interface TicketSettings {
  readonly ticketSource: GuardedTicketSource
  readonly ticketTimeoutMs: number
  readonly insecureHosts: readonly string[]
}

/** The options with every default in its place. */
export interface TicketWebSocketSettings extends OpeningRules, TicketSettings {
  readonly WebSocket: BaseWebSocketConstructor
}

const defaultTicketTimeoutMs = 3000

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError for options that cannot be, where there is no WebSocket class, and where the ticket is to be locked and there
 * is no `crypto.subtle`
 * @throws DOMException `SecurityError` where the credential would travel in plaintext
 */
export function readOptions(options: TicketWebSocketOptions): TicketWebSocketSettings {
  // The global one is read now, not at each attempt: the class that we make may itself be put in its place.
  const { carrier = 'subprotocol', WebSocket = realWebSocket() } = options
  requireOneOf('carrier', carrier, ['subprotocol', 'query', 'message'])
  requireClass('WebSocket', WebSocket)
  return { ...readTicketOptions(options), carrier, WebSocket }
}

/** How a class that stands in the place of the global one tells which one that was. */
export const replaced: unique symbol = Symbol('replaced')

function realWebSocket(): BaseWebSocketConstructor {
  const { WebSocket } = globalThis as unknown as {
    WebSocket: BaseWebSocketConstructor & { [replaced]?: BaseWebSocketConstructor }
  }
  return WebSocket?.[replaced] ?? WebSocket
}

/**
 * Checks those that are the same whatever the tickets open.
 *
 * @throws TypeError and DOMException as {@link readOptions}
 */
export function readTicketOptions(
  options: TicketOrigin & Pick<TicketWebSocketTuning, 'ticketTimeoutMs' | 'insecureHosts'>,
): TicketSettings {
  const { ticketTimeoutMs = defaultTicketTimeoutMs, insecureHosts } = options
  requireOption(
    ticketTimeoutMs > 0 && ticketTimeoutMs <= longestDelayMs,
    `ticketTimeoutMs is from 1 to ${longestDelayMs} milliseconds`,
  )
  return { ticketSource: readTicketSource(options), ticketTimeoutMs, insecureHosts: readHosts(insecureHosts) }
}

function readTicketSource(options: TicketOrigin): GuardedTicketSource {
  const { ticketSource, ticketUrl, credential, audience, lock, renewal, fetch } = options
  if (ticketSource === undefined) return createTicketSource(options)
  requireOption(typeof ticketSource === 'function', 'ticketSource is a function')
  requireOption(
    (ticketUrl ?? credential ?? audience ?? lock ?? renewal ?? fetch) === undefined,
    'ticketSource stands in place of ticketUrl, credential, audience, lock, renewal and fetch',
  )
  return guardTicketSource(ticketSource)
}
