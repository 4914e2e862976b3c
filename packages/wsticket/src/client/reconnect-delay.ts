/**
 * How long a client waits before it comes back, so that not all who were cut off at once do so at once.
 * @module
 */
import { chance, longestDelayMs } from './delays.ts'
import { requireOption } from './requirements.ts'

/** What a {@link reconnectDelayMs} depends on. */
export interface ReconnectDelayOptions {
  /** How many attempts have failed since a WebSocket was open: 0 before the first one. Default 0. */
  readonly attempt?: number | undefined
  /** How long the server asked to wait, in milliseconds: `retryAfterMs` of the `TicketRequestError`. Default null: it did not. */
  readonly retryAfterMs?: number | null | undefined
  /** From 0 up to 1. Default: the runtime's CSPRNG. */
  readonly random?: (() => number) | undefined
}

// RFC 6455 section 7.2.3: a random delay at first, from 0 to 5 seconds, then a backoff.
const firstMostMs = 5000
const mostMs = 60_000

/**
 * The delay before the next attempt, in whole milliseconds: any from 0 to 5 seconds is as likely as another before the first attempt, from 0
 * to 10 before the second, and so on, up to 60; on top of what the server asked for. A timer takes it, or the option of your reconnecting library that
 * is a function of the attempt.
 *
 * Whether to come back at all says the close code, and the `action` of the `TicketRequestError`.
 *
 * @throws TypeError for an attempt that is no whole number from 0 on, and for a time that is none
 *
 * @example
 * socket.onclose = () => setTimeout(connect, reconnectDelayMs({ attempt }))
 */
export function reconnectDelayMs({ attempt = 0, retryAfterMs, random = chance }: ReconnectDelayOptions = {}): number {
  const askedMs = retryAfterMs ?? 0
  requireOption(Number.isInteger(attempt) && attempt >= 0, 'attempt is a whole number from 0 on')
  requireOption(Number.isFinite(askedMs) && askedMs >= 0, 'retryAfterMs is a number of milliseconds, or null')
  const delayMs = askedMs + random() * Math.min(mostMs, firstMostMs * 2 ** attempt)
  return Math.min(longestDelayMs, Math.round(delayMs))
}
