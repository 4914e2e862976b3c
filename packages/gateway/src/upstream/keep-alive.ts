/**
 * Connections over which nothing may go for hours.
 * @module
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

const keepAliveMs = 30_000

/** A peer that is gone without a word is noticed, and small frames and events are not held back. */
export function keepAlive(socket: Duplex): void {
  if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveMs).setNoDelay(true)
}
