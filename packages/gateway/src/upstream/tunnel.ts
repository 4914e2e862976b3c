/**
 * Bytes both ways between two sockets, at the pace of the slower one, until both have ended or the session is closed.
 * @module
 */
import type { Duplex } from 'node:stream'
import type { SessionConnection } from 'wsticket'
import { closeFrame, maskedCloseFrame } from './frames.ts'
import { passOn } from './one-way.ts'

/** How a tunnel ends. */
export interface TunnelOptions {
  /** How long one side may go on after the other has ended, in milliseconds. */
  readonly lingerMs: number
  /** How long the two sides may take to close after the session was closed, in milliseconds; then both are cut. */
  readonly closeDeadlineMs: number
  /** Neither side is open any longer. Called once. */
  onClosed(): void
}

const goingAway = 1001

/**
 * Joins two sockets until both have ended, one has failed, or the session is closed. Then each side gets a close frame behind the frame
 * that is on its way to it, unless the other side has closed by itself, and is ended once it has answered.
 */
export function tunnel(client: Duplex, upstream: Duplex, options: TunnelOptions): SessionConnection {
  const { lingerMs, closeDeadlineMs, onClosed } = options
  const down = passOn(upstream, client, settle)
  const up = passOn(client, upstream, settle)
  let open = 2
  let timer: ReturnType<typeof setTimeout> | undefined
  let isClosing = false

  function settle(): void {
    if (down.isStopped && up.isSilent) client.end()
    if (up.isStopped && down.isSilent) upstream.end()
  }

  function cut(): void {
    client.destroy()
    upstream.destroy()
  }

  for (const socket of [client, upstream]) {
    socket.once('end', () => {
      timer ??= setTimeout(cut, lingerMs)
    })
    socket.once('close', () => {
      open -= 1
      if (!socket.readableEnded) cut()
      if (open > 0) return
      clearTimeout(timer)
      onClosed()
    })
  }
  return {
    close({ closeCode, publicCode }) {
      // Silent, and revoked meanwhile.
      if (isClosing) return
      isClosing = true
      clearTimeout(timer)
      timer = setTimeout(cut, closeDeadlineMs)
      down.stop(closeFrame({ closeCode, publicCode }))
      up.stop(maskedCloseFrame({ closeCode: goingAway, publicCode }))
      settle()
    },
    destroy: cut,
  }
}
