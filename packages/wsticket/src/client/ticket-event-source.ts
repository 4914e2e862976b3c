/**
 * An EventSource that asks for a ticket before each connection.
 * @module
 */
import type { ClientAction } from '../refusals.ts'
import { endingEventType, lastEventIdParameter } from '../wire.ts'
import { fateInTime, ticketInTime } from './attempt.ts'
import type { GuardedTicketSource } from './guarded-ticket-source.ts'
import { defineConstants, defineHandlers } from './handler-target.ts'
import { requireOwnQuery, withTicket } from './opening.ts'
import { reconnectDelayMs } from './reconnect-delay.ts'
import { requireClass, requireOf, requireOption } from './requirements.ts'
import { keepRenewed } from './session-renewal.ts'
import { SocketErrorEvent, type SocketErrorEventInit } from './socket-events.ts'
import { TicketRequestError, undecided } from './ticket-request-error.ts'
import type { PresentedTicket } from './ticket-source.ts'
import {
  readTicketOptions,
  type TicketOrigin,
  type TicketSettings,
  type TicketWebSocketTuning,
} from './ticket-websocket-options.ts'
import { pageUrl, requireSecrecy, urlOf } from './transport.ts'

/** What a ticket EventSource needs of the one beneath it: the browser's has it, that of the package `eventsource` has it. */
export interface BaseEventSource {
  addEventListener(type: string, listener: (event: MessageEvent) => void): void
  close(): void
}

/** The constructor of the EventSource beneath. */
export type BaseEventSourceConstructor = new (url: string, init: { withCredentials: boolean }) => BaseEventSource

/** Options of {@link createTicketEventSource}: a ticket endpoint and a credential, or a ticket source of one's own. */
export type TicketEventSourceOptions = Pick<TicketWebSocketTuning, 'ticketTimeoutMs' | 'insecureHosts'> &
  TicketOrigin & {
    /** The real class. Default: the global one at the time of the call. On Node give that of the package `eventsource`. */
    readonly EventSource?: BaseEventSourceConstructor | undefined
    /** How long it waits before it comes back. What a server says in `retry:` no page gets to see. Default: `reconnectDelayMs`. */
    readonly delayMs?: typeof reconnectDelayMs | undefined
  }

/** The constructor of a ticket EventSource: what the global `EventSource` is, in every place that takes one. */
export type TicketEventSourceConstructor = typeof EventSource & {
  /** Where its tickets come from: whether it waits or is stopped, and how to go on. */
  readonly ticketSource: GuardedTicketSource
}

interface Settings extends TicketSettings {
  readonly EventSource: BaseEventSourceConstructor
  readonly delayMs: typeof reconnectDelayMs
}

/**
 * Makes a class that is an `EventSource` to whoever uses it, and gets a fresh ticket for each of its connections. The ticket is in the query: the
 * server has to have that carrier on.
 *
 * - Neither `url` nor any event shows the ticket or its key; they are kept nowhere.
 * - It comes back by itself, each time with another ticket and with the id of the last event that had one, which an empty `id:` does not take back: after any time from 0 to 5 seconds, then from 0 to 10, and so on up to 60,
 *   on top of what the ticket source waits (`delayMs`).
 * - It is closed where there is nothing to come back for: the ticket source is stopped, or the server has said so. The `error` event has the `code` and
 *   `reason` for it, where they are known, and the `TicketRequestError` as `error` (see `SocketErrorEvent`).
 * - Before its session ends it is renewed, as a WebSocket is.
 *
 * @throws TypeError for options that cannot be, where there is no EventSource class, and where the ticket is to be locked and there
 * is no `crypto.subtle`
 * @throws DOMException `SecurityError` where the credential would travel in plaintext
 *
 * @example
 * const TicketEventSource = createTicketEventSource({ ticketUrl: '/tickets', credential: () => session.accessToken })
 * const events = new TicketEventSource('/events')
 */
export function createTicketEventSource(options: TicketEventSourceOptions): TicketEventSourceConstructor {
  const { EventSource = globalThis.EventSource, delayMs = reconnectDelayMs } = options
  requireClass('EventSource', EventSource)
  requireOption(typeof delayMs === 'function', 'delayMs is a function')
  const settings = { ...readTicketOptions(options), EventSource, delayMs }
  return class TicketEventSource extends ManagedEventSource {
    static readonly ticketSource = settings.ticketSource

    constructor(url: string | URL, init?: EventSourceInit) {
      super(url, init, settings)
    }
  }
}

const states = { CONNECTING: 0, OPEN: 1, CLOSED: 2 } as const
const { CONNECTING: connecting, OPEN: open, CLOSED: closed } = states
// A stream that did not begin has no close code, nor has a WebSocket: RFC 6455 section 7.1.5.
const noCode = 1006
// 1,024 bytes in UTF-8 are what a verifier takes, and no control character but a tab.
const idForm = /^[\t -~\u0080-\uffff]{1,341}$/
const endingForm = /\{"code":(\d+),"reason":"(\w+)","action":"(\w+)"\}$/

type Listener = EventListenerOrEventListenerObject | ((event: MessageEvent) => unknown) | null

const TypedTarget = EventTarget as unknown as new () => EventTarget &
  Pick<EventSource, 'onopen' | 'onmessage' | 'onerror' | 'removeEventListener'>

class ManagedEventSource extends TypedTarget implements EventSource {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSED: 2
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSED: 2
  readonly url: string
  readonly withCredentials: boolean
  readonly #settings: Settings
  /** What is listened to: by the application, and by us. */
  readonly #types = new Set(['open', 'error', 'message', endingEventType])
  #readyState: EventSource['readyState'] = connecting
  /** What there is to ask about the ticket later on; the ticket itself is not kept. */
  #later: Pick<PresentedTicket, 'renewal' | 'inquire'> & { readonly arrivedAt?: number } = {}
  #inner: BaseEventSource | null = null
  #lastEventId = ''
  #attempt = 0
  #beganAt = 0
  #wanted = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopRenewing = () => {}

  static {
    defineConstants(ManagedEventSource, states)
    defineHandlers(ManagedEventSource.prototype, ['open', 'message', 'error'])
  }

  constructor(url: string | URL, init: EventSourceInit | undefined, settings: Settings) {
    super()
    const place = readUrl(url, settings.insecureHosts)
    this.url = place.href
    this.#lastEventId = place.lastEventId
    this.withCredentials = init?.withCredentials === true
    this.#settings = settings
    // Not at once: nothing may be dispatched before the caller can listen.
    queueMicrotask(() => void this.#open())
  }

  get readyState(): EventSource['readyState'] {
    return this.#readyState
  }

  override addEventListener(type: string, listener: Listener, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener as EventListener, options)
    if (this.#types.has(type)) return
    this.#types.add(type)
    this.#listen(type)
  }

  close(): void {
    this.#readyState = closed
    this.#drop()
  }

  async #open(): Promise<void> {
    if (this.#readyState === closed) return
    const wanted = new AbortController()
    this.#wanted = wanted
    this.#beganAt = performance.now()
    try {
      const presented = await ticketInTime(this.#settings, this.url, wanted)
      if (!wanted.signal.aborted) this.#connect(presented)
    } catch (cause) {
      // Anything else may quote the URL, and with it the ticket and its key.
      const error = cause instanceof TicketRequestError ? cause : undecided('The EventSource could not be constructed.')
      this.#end(error.action, { message: error.message, error, code: error.closeCode, reason: error.code })
    }
  }

  #connect(presented: PresentedTicket): void {
    const { EventSource } = this.#settings
    const { url } = withTicket({ url: new URL(this.url), protocols: [] }, 'query', presented)
    // What fits into no header is not sent: the stream would not begin at all.
    const id = idForm.test(this.#lastEventId) && encodeURIComponent(this.#lastEventId)
    this.#inner = new EventSource(id ? `${url}&${lastEventIdParameter}=${id}` : url, {
      withCredentials: this.withCredentials,
    })
    this.#later = { renewal: presented.renewal, inquire: presented.inquire, arrivedAt: performance.now() }
    for (const type of this.#types) this.#listen(type)
  }

  #listen(type: string): void {
    const inner = this.#inner
    inner?.addEventListener(type, (event: MessageEvent) => {
      if (inner === this.#inner) this.#hear(event)
    })
  }

  #hear({ type, data, lastEventId, origin }: MessageEvent): void {
    // A server may call an event of its own "open" or "error": that has data.
    if (data === undefined) {
      if (type === 'open') this.#opened()
      else void this.#failed()
      return
    }
    const ending = type === endingEventType ? endingForm.exec(data) : null
    if (ending !== null) {
      const [, code, reason, action] = ending
      this.#end(action, { code: Number(code), reason })
    } else {
      // An EventSource that has just begun knows no id but those that it was sent itself.
      this.#lastEventId = lastEventId || this.#lastEventId
      this.dispatchEvent(new MessageEvent(type, { data, lastEventId: this.#lastEventId, origin }))
    }
  }

  #opened(): void {
    const { renewal, arrivedAt = 0 } = this.#later
    this.#stopRenewing = keepRenewed(renewal, arrivedAt)
    this.#attempt = 0
    this.#readyState = open
    this.dispatchEvent(new Event('open'))
  }

  /** The stream has ended, or did not begin: then its ticket's endpoint may know why. */
  async #failed(): Promise<void> {
    const inquire = this.#readyState === connecting ? this.#later.inquire : undefined
    this.#drop()
    this.#wanted = new AbortController()
    const { ticketTimeoutMs } = this.#settings
    const fate = await fateInTime({ inquire, ticketTimeoutMs, beganAt: this.#beganAt }, this.#wanted)
    this.#end(fate?.action, fate?.code ? { code: noCode, reason: fate.code } : {})
  }

  /** @param action what there is to do now; anything but `stop` is to come back */
  #end(action: string | null | undefined, init: SocketErrorEventInit): void {
    if (this.#readyState === closed) return
    this.#drop()
    this.#readyState = action === ('stop' satisfies ClientAction) ? closed : connecting
    this.dispatchEvent(new SocketErrorEvent('error', init))
    // Whoever heard of it may have closed it.
    if (this.#readyState !== connecting) return
    const { ticketSource, delayMs } = this.#settings
    const { retryAt } = ticketSource.state
    const retryAfterMs = Math.max(0, (retryAt ?? 0) - performance.timeOrigin - performance.now())
    this.#timer = setTimeout(() => void this.#open(), delayMs({ attempt: this.#attempt++, retryAfterMs }))
  }

  #drop(): void {
    clearTimeout(this.#timer)
    this.#wanted.abort()
    this.#stopRenewing()
    this.#inner?.close()
    this.#inner = null
  }
}

/**
 * The URL, without the id of a last event that the application knows, and that id.
 * @throws DOMException `SyntaxError` for what is no URL of an event stream, or has a ticket or a key of its own, `SecurityError` where the ticket would
 * travel in plaintext
 */
function readUrl(argument: string | URL, insecureHosts: readonly string[]): { href: string; lastEventId: string } {
  const url = urlOf(argument, pageUrl())
  requireOf(
    'SyntaxError',
    url !== null && /^https?:$/.test(url.protocol),
    'The URL is absolute, or relative to the page',
  )
  requireSecrecy(url, insecureHosts)
  requireOwnQuery(url)
  url.hash = ''
  const lastEventId = url.searchParams.get(lastEventIdParameter)
  // Only then: it spells the rest of the query anew.
  if (lastEventId !== null) url.searchParams.delete(lastEventIdParameter)
  return { href: url.href, lastEventId: lastEventId ?? '' }
}
