/**
 * The audit events, as the server sends them while they happen.
 * @module
 */
import type { AuditEvent } from 'wsticket'

/** The gateway's own event: a handshake was admitted, and the service behind it did not take it. */
export interface UpstreamFailed {
  readonly type: 'upstream_failed'
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  readonly ticketId: string
  readonly code: string
  readonly status: number | null
}

/** Anything that the gateway reports. */
export type GatewayEvent = AuditEvent | UpstreamFailed

/** Whether events come in. `lost`: the browser tries again by itself. `refused`: it does not. */
export type FeedState = 'connecting' | 'live' | 'lost' | 'refused'

/** Takes events and states of the feed. */
export interface FeedListener {
  event(event: GatewayEvent): void
  state(state: FeedState): void
}

/** The stream of audit events. */
export interface AuditFeed {
  /** Tells a listener of everything from now on. */
  listen(listener: FeedListener): void
  /** The next event that fits; null if none comes in time. */
  next(fits: (event: GatewayEvent) => boolean, withinMs: number): Promise<GatewayEvent | null>
}

// At least as many as the server replays to a newcomer, which is what a browser is that comes again.
const rememberedEvents = 100

/** Opens the stream. */
export function openAuditFeed(): AuditFeed {
  const listeners = new Set<FeedListener>()
  const isNew = createReplayFilter()
  const source = new EventSource('/dev/events')
  const tellState = (state: FeedState): void => {
    for (const listener of listeners) listener.state(state)
  }
  source.addEventListener('open', () => {
    isNew.reopened()
    tellState('live')
  })
  source.addEventListener('error', () => tellState(source.readyState === EventSource.CLOSED ? 'refused' : 'lost'))
  source.addEventListener('message', ({ data }: MessageEvent<string>) => {
    if (!isNew.check(data)) return
    const event = JSON.parse(data) as GatewayEvent
    for (const listener of listeners) listener.event(event)
  })
  return {
    listen: (listener) => void listeners.add(listener),
    next: (fits, withinMs) => waitFor(listeners, fits, withinMs),
  }
}

function waitFor(
  listeners: Set<FeedListener>,
  fits: (event: GatewayEvent) => boolean,
  withinMs: number,
): Promise<GatewayEvent | null> {
  return new Promise((resolve) => {
    const settle = (event: GatewayEvent | null): void => {
      clearTimeout(timer)
      listeners.delete(listener)
      resolve(event)
    }
    const listener: FeedListener = {
      event: (event) => void (fits(event) && settle(event)),
      state: () => {},
    }
    const timer = setTimeout(() => settle(null), withinMs)
    listeners.add(listener)
  })
}

interface ReplayFilter {
  /** What came before may now come again. */
  reopened(): void
  check(data: string): boolean
}

/** Lets each event through once, though the server tells the latest of them again after each interruption. */
function createReplayFilter(): ReplayFilter {
  let recent: string[] = []
  let replayed = new Set<string>()
  return {
    reopened() {
      replayed = new Set(recent)
    },
    check(data) {
      if (replayed.delete(data)) return false
      recent = [...recent, data].slice(-rememberedEvents)
      return true
    },
  }
}
