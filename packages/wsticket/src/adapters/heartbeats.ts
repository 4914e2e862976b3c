/**
 * Notices WebSockets whose other end is gone without a word, or has nothing to say any more. One timer for all of them; whether something
 * was heard shows in the bytes that have arrived, so that no frame costs anything.
 * @module
 */
import type { Duplex } from 'node:stream'
import type { EpochMs } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import { createSessionDeadlines } from '../session-deadlines.ts'

/** How long a WebSocket may keep silent. */
export interface HeartbeatOptions {
  /**
   * How long nothing may arrive before the client is pinged, in milliseconds; whoever has not answered after as long again is gone, and the
   * session ends with 4408 `timeout`. A thousand or more; null for no pings. Default 30,000.
   */
  readonly pingEveryMs?: number | null
  /**
   * How long the client may send no message, in milliseconds, before the session ends with 4408 `idle`; pings and pongs are no messages.
   * A thousand or more. Default null: as long as it likes.
   */
  readonly idleMs?: number | null
}

/** Why an adapter ends a session. */
export type SilentEnding = 'session_idle' | 'session_unresponsive'

/** What is needed of a `WebSocket` of `ws`. */
export interface WatchedWebSocket {
  readonly readyState: number
  /** Whether the application lets nothing in at the moment: then nothing can be heard. */
  readonly isPaused?: boolean | undefined
  ping(): void
  on(event: 'message', listener: () => void): unknown
}

/** Watches WebSockets. */
export interface Heartbeats {
  /** Calls `end` once where it is silent for too long. Returns what has to be called when it is closed. */
  watch(webSocket: WatchedWebSocket, socket: Duplex, end: (ending: SilentEnding) => void): () => void
}

interface Watched {
  readonly webSocket: WatchedWebSocket
  readonly socket: Duplex
  readonly end: (ending: SilentEnding) => void
  bytesRead: number
  isPinged: boolean
  messageAt: EpochMs
  lookAt: EpochMs
  endsAt: EpochMs
}

const openState = 1
const shortestMs = 1000

/**
 * Creates the watch; it has no timer while there is nothing to watch.
 * @throws ConfigurationError for a time that cannot be.
 */
export function createHeartbeats(options: HeartbeatOptions): Heartbeats {
  const pingEveryMs = requireTime('pingEveryMs', options.pingEveryMs === undefined ? 30_000 : options.pingEveryMs)
  const idleMs = requireTime('idleMs', options.idleMs ?? null)
  // Behind what has arrived while this process, or its machine, stood still: nobody is gone for that.
  const deadlines = createSessionDeadlines<Watched>(monotonicNow, (watched) => setImmediate(look, watched))

  function look(watched: Watched): void {
    if (watched.webSocket.readyState !== openState) return
    const ending = silenceOf(watched)
    if (ending === null) lookAgain(watched)
    else watched.end(ending)
  }

  function silenceOf(watched: Watched): SilentEnding | null {
    const now = monotonicNow()
    if (idleMs !== null && watched.messageAt + idleMs <= now) return 'session_idle'
    if (watched.lookAt > now) return null
    watched.lookAt = later(now, pingEveryMs)
    return listen(watched) ? null : 'session_unresponsive'
  }

  function lookAgain(watched: Watched): void {
    watched.endsAt = Math.min(watched.lookAt, later(watched.messageAt, idleMs)) as EpochMs
    deadlines.watch(watched)
  }

  return {
    watch(webSocket, socket, end) {
      if (pingEveryMs === null && idleMs === null) return () => {}
      const now = monotonicNow()
      const lookAt = later(now, pingEveryMs)
      const heard = { bytesRead: bytesReadOf(socket), isPinged: false, messageAt: now }
      const watched: Watched = { webSocket, socket, end, ...heard, lookAt, endsAt: lookAt }
      if (idleMs !== null)
        webSocket.on('message', () => {
          watched.messageAt = monotonicNow()
        })
      lookAgain(watched)
      return () => deadlines.forget(watched)
    },
  }
}

/** Pings where nothing was heard; false where the ping before has had no answer. */
function listen(watched: Watched): boolean {
  const { webSocket, socket } = watched
  const bytesRead = bytesReadOf(socket)
  if (bytesRead !== watched.bytesRead || webSocket.isPaused) {
    watched.bytesRead = bytesRead
    watched.isPinged = false
    return true
  }
  if (watched.isPinged) return false
  watched.isPinged = true
  webSocket.ping()
  return true
}

function bytesReadOf(socket: Duplex): number {
  return (socket as { readonly bytesRead?: number }).bytesRead ?? 0
}

/** A clock that nobody sets: no session ends because a machine was told the time. */
function monotonicNow(): EpochMs {
  return performance.now() as EpochMs
}

function later(now: EpochMs, byMs: number | null): EpochMs {
  return (byMs === null ? Number.POSITIVE_INFINITY : now + byMs) as EpochMs
}

function requireTime(option: string, timeMs: number | null): number | null {
  if (timeMs === null || (Number.isSafeInteger(timeMs) && timeMs >= shortestMs)) return timeMs
  throw new ConfigurationError(option, `must be ${shortestMs} or more, in milliseconds, or null`)
}
