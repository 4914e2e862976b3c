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
   * How often it is looked whether anything has arrived since, in milliseconds. Where nothing has, the client is pinged, and is gone where
   * nothing has at the next look either: within two to three times as long. The session then ends with 4408 `timeout`. Who takes what is
   * sent, however slowly, is not gone. A thousand or more; null for no pings. Default 30,000.
   */
  readonly pingEveryMs?: number | null
  /**
   * How long the client may send no message, in milliseconds, before the session ends with 4206 `session_idle`; pings and pongs are no
   * messages, and while the application lets nothing in nobody is idle. A thousand or more. Default null: as long as it likes.
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
  on(event: 'message' | 'pong', listener: () => void): unknown
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
  /** Moves where anything has come from the other end. */
  heard: number
  /** What has come where the socket does not count. */
  frames: number
  /** How many bytes were waiting to be sent, and for how many looks none of them went. */
  waiting: number
  waits: number
  isPinged: boolean
  messageAt: EpochMs
  lookAt: EpochMs
  endsAt: EpochMs
}

const openState = 1
const shortestMs = 1000
// For a large message to a slow client, and not for a client that is gone.
const mostWaits = 10

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
    if (watched.webSocket.isPaused) watched.messageAt = now
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
      const nothingYet = { heard: 0, frames: 0, waiting: 0, waits: 0, isPinged: false, messageAt: now }
      const watched: Watched = { webSocket, socket, end, ...nothingYet, lookAt, endsAt: lookAt }
      listenToFrames(watched, idleMs !== null)
      lookAgain(watched)
      return () => deadlines.forget(watched)
    },
  }
}

/** To those that tell more than the bytes do. */
function listenToFrames(watched: Watched, toMessages: boolean): void {
  const { webSocket, socket } = watched
  watched.heard = heardOf(watched)
  const isMute = !hasCount(socket)
  const count = () => {
    watched.frames += 1
  }
  if (isMute) webSocket.on('pong', count)
  if (isMute || toMessages)
    webSocket.on('message', () => {
      count()
      watched.messageAt = monotonicNow()
    })
}

/** Pings where nothing was heard; false where the ping before has had no answer. */
function listen(watched: Watched): boolean {
  const heard = heardOf(watched)
  const isTaking = mayTakeMore(watched)
  if (heard !== watched.heard || isTaking || watched.webSocket.isPaused) {
    watched.heard = heard
    watched.isPinged = false
    return true
  }
  if (watched.isPinged) return false
  watched.isPinged = true
  watched.webSocket.ping()
  return true
}

function heardOf({ socket, frames }: Watched): number {
  return hasCount(socket) ? socket.bytesRead : frames
}

/**
 * Whether the other end may still be taking what is waiting to be sent: a ping waits behind that, and its answer with it. What is sent at
 * once shows when all of it is taken, and not before.
 */
function mayTakeMore(watched: Watched): boolean {
  const { writableLength } = watched.socket
  watched.waits = writableLength > 0 && writableLength >= watched.waiting ? watched.waits + 1 : 0
  const isLess = writableLength < watched.waiting
  watched.waiting = writableLength
  return isLess || (writableLength > 0 && watched.waits <= mostWaits)
}

function hasCount(socket: Duplex): socket is Duplex & { readonly bytesRead: number } {
  return typeof (socket as { readonly bytesRead?: unknown }).bytesRead === 'number'
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
