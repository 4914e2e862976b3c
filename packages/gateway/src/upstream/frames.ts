/**
 * Where the frames of a WebSocket end (RFC 6455 section 5.2), and the one frame that the gateway writes itself.
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { Closing } from 'wsticket'

/** Follows the frames that one side sends. Reads their heads, and skips what they hold. */
export interface FrameFollower {
  /** Whether all that was followed is whole frames: another may begin here. */
  readonly isAtBoundary: boolean
  /** Whether a close frame has begun. */
  readonly hasClosed: boolean
  /** Follows bytes from there up to the end of the frame that they are in. Returns where that is, or where the bytes end. */
  next(chunk: Uint8Array, from: number): number
  /** Follows all bytes from there. */
  follow(chunk: Uint8Array, from?: number): void
}

const shortestHead = 2
const closeOpcode = 0x8

/** Creates a follower that stands before the first frame. */
export function createFrameFollower(): FrameFollower {
  let headRead = 0
  let headLength = shortestHead
  let extendedEnd = shortestHead
  // As a number: what it cannot tell apart are frames of more than 8 PiB, of which none arrives whole.
  let payloadLeft = 0
  let hasClosed = false

  function readHead(byte: number): void {
    if (headRead === 0) hasClosed ||= (byte & 0x0f) === closeOpcode
    else if (headRead === 1) {
      const length = byte & 0x7f
      extendedEnd = shortestHead + extendedBytes(length)
      headLength = extendedEnd + (byte & 0x80 ? 4 : 0)
      payloadLeft = extendedEnd === shortestHead ? length : 0
    } else if (headRead < extendedEnd) payloadLeft = payloadLeft * 256 + byte
    headRead += 1
  }

  function next(chunk: Uint8Array, from: number): number {
    let at = from
    for (; headRead < headLength && at < chunk.length; at += 1) readHead(chunk[at] as number)
    const skipped = Math.min(payloadLeft, chunk.length - at)
    payloadLeft -= skipped
    if (headRead === headLength && payloadLeft === 0) {
      headRead = 0
      headLength = shortestHead
    }
    return at + skipped
  }

  return {
    get isAtBoundary() {
      return headRead === 0
    },
    get hasClosed() {
      return hasClosed
    },
    next,
    follow(chunk, from = 0) {
      for (let at = from; at < chunk.length; ) at = next(chunk, at)
    },
  }
}

/** How many bytes of length follow the second byte, by what it says. */
function extendedBytes(length: number): number {
  if (length < 126) return 0
  return length === 126 ? 2 : 8
}

/** A close frame as a server sends it (RFC 6455 section 5.5.1). */
export function closeFrame(closing: Closing): Buffer {
  const payload = closePayload(closing)
  return Buffer.concat([Buffer.from([0x80 | closeOpcode, payload.length]), payload])
}

/** A close frame as a client sends it: masked with a key that nobody can foresee (RFC 6455 section 5.3). */
export function maskedCloseFrame(closing: Closing): Buffer {
  const key = randomBytes(4)
  const payload = closePayload(closing).map((byte, at) => byte ^ (key[at % 4] as number))
  return Buffer.concat([Buffer.from([0x80 | closeOpcode, 0x80 | payload.length]), key, payload])
}

function closePayload({ closeCode, publicCode }: Closing): Buffer {
  const payload = Buffer.from(`..${publicCode}`, 'latin1')
  payload.writeUInt16BE(closeCode)
  return payload
}
