/**
 * Notices a client from which nothing comes any more, not even an answer to the pings of the upstream.
 * @module
 */
import type { Duplex } from 'node:stream'

// Timers of one duration are one list to Node: at most one for each second that there is to wait.
const stepMs = 1000

/**
 * Calls `onSilent` once, where no byte has come from a socket for so long, in milliseconds, or within a second after that. Nobody is silent
 * who is not read. Returns what has to be called when the socket is closed.
 */
export function watchForSilence(socket: Duplex, silenceMs: number, onSilent: () => void): () => void {
  let heardAt = performance.now()
  let isOver = false
  const hear = () => {
    heardAt = performance.now()
  }

  function look(): void {
    if (isOver) return
    if (socket.isPaused()) hear()
    const leftMs = heardAt + silenceMs - performance.now()
    if (leftMs > 0) waitFor(leftMs)
    else onSilent()
  }

  function waitFor(leftMs: number): void {
    // Behind what has arrived while this process, or its machine, stood still: nobody is gone for that.
    timer = setTimeout(() => setImmediate(look), Math.ceil(leftMs / stepMs) * stepMs)
  }

  let timer: ReturnType<typeof setTimeout>
  waitFor(silenceMs)
  socket.on('data', hear)
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}
