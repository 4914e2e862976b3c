/**
 * One way of a tunnel: the bytes of one side, passed on to the other until they are to stop.
 * @module
 */
import type { Duplex } from 'node:stream'
import { createFrameFollower } from './frames.ts'

/**
 * After how many bytes of one side the others have their turn; the piece that reaches it is passed on whole. As many as Node reads of a
 * socket at once: libuv reads up to 32 times as many while there are any, and from 1.45 on takes one new connection in a turn of the event loop.
 */
const enoughForATurn = 65_536

/** One way of a tunnel. */
export interface OneWay {
  /** Whether nothing more is passed on, and the last frame was. */
  readonly isStopped: boolean
  /** Whether the sender has nothing more to say: it has closed, or ended. */
  readonly isSilent: boolean
  /**
   * Passes on what is missing of the frame that is under way, then this one, unless the sender has closed by itself, and nothing more.
   * Called once at the most; does not call `onChange`.
   */
  stop(lastFrame: Buffer): void
}

/** Begins to pass on. After `stop`, `onChange` is called where one of the two members above may have changed. */
export function passOn(from: Duplex, to: Duplex, onChange: () => void): OneWay {
  const frames = createFrameFollower()
  const send = sender(from, to)
  let last: Buffer | null = null
  let isStopped = false

  function stopAtBoundary(lastFrame: Buffer): void {
    if (isStopped || !frames.isAtBoundary) return
    isStopped = true
    if (!frames.hasClosed) send(lastFrame)
    // What still comes is dropped, however slowly the receiver reads.
    from.resume()
  }

  function passLastFrame(chunk: Buffer, lastFrame: Buffer): void {
    const end = isStopped ? 0 : frames.next(chunk, 0)
    if (end > 0) send(end === chunk.length ? chunk : chunk.subarray(0, end))
    stopAtBoundary(lastFrame)
    frames.follow(chunk, end)
    onChange()
  }

  from.on('data', (chunk: Buffer) => {
    if (last !== null) return passLastFrame(chunk, last)
    frames.follow(chunk)
    send(chunk)
  })
  from.once('end', () => {
    if (isStopped) onChange()
    else to.end()
  })
  return {
    get isStopped() {
      return isStopped
    },
    get isSilent() {
      return from.readableEnded || (frames.hasClosed && frames.isAtBoundary)
    },
    stop(lastFrame) {
      last = lastFrame
      stopAtBoundary(lastFrame)
    },
  }
}

/** Writes at the pace of the receiver, and no more in a turn of the event loop than what leaves the others theirs. */
function sender(from: Duplex, to: Duplex): (chunk: Buffer) => void {
  let bytesInTurn = 0

  function goOn(): void {
    if (bytesInTurn < enoughForATurn && !to.writableNeedDrain) from.resume()
  }

  function endTurn(): void {
    bytesInTurn = 0
    goOn()
  }

  to.on('drain', goOn)
  return (chunk) => {
    if (!to.writable) return
    if (bytesInTurn === 0) setImmediate(endTurn)
    bytesInTurn += chunk.length
    if (!to.write(chunk) || bytesInTurn >= enoughForATurn) from.pause()
  }
}
