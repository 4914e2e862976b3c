/**
 * The first frame of a WebSocket, read from the bytes of its socket (RFC 6455 section 5.2): an unfragmented text frame, or nothing that
 * a ticket comes in. Nobody answers a ping before it is known who sends it, so a control frame is none, either.
 * @module
 */
import type { Duplex } from 'node:stream'
import type { AwaitMessageDecision, FirstMessage } from '../admission.ts'

/** A first message, and the bytes that came behind it. */
export interface FirstFrame {
  readonly message: FirstMessage
  readonly rest: Buffer
}

const noBytes = Buffer.alloc(0)
const malformed: FirstFrame = { message: { kind: 'malformed' }, rest: noBytes }
const absent: FirstFrame = { message: { kind: 'absent' }, rest: noBytes }

// FIN and the opcode; none of the bits that an extension would explain, for none is selected.
const wholeText = 0x81
const wholeClose = 0x88
const maskedBit = 0x80
// RFC 3629: what is not UTF-8 is no text. A byte order mark is not dropped: JSON has none (RFC 8259 section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What is needed of the decision that waits for it. */
export type Awaited = Pick<AwaitMessageDecision, 'limits' | 'draining'>

/** Reads the first frame, and leaves the socket paused behind it: whatever else the client sends has to wait. */
export function readFirstFrame(socket: Duplex, head: Buffer, { limits, draining }: Awaited): Promise<FirstFrame> {
  return new Promise((resolve) => {
    let bytes = noBytes
    let isRead = false
    const finish = (frame: FirstFrame) => {
      if (isRead) return
      isRead = true
      clearTimeout(timer)
      socket.pause()
      socket.off('data', onData).off('end', onGone).off('close', onGone)
      resolve(frame)
    }
    const onGone = () => finish(absent)
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      const frame = takeFirstFrame(bytes, limits.maxBytes)
      if (frame !== null) finish(frame)
    }
    const timer = setTimeout(onGone, limits.deadlineMs)
    void draining.then(onGone)
    if (socket.destroyed || !socket.readable) return onGone()
    socket.on('data', onData).on('end', onGone).on('close', onGone)
    if (head.length > 0) onData(head)
  })
}

/** The first frame of some bytes; null where it is not all there, and could still be good. */
function takeFirstFrame(bytes: Buffer, maxBytes: number): FirstFrame | null {
  if (bytes.length === 0) return null
  if (bytes[0] === wholeClose) return absent
  if (bytes[0] !== wholeText) return malformed
  if (bytes.length < 2) return null
  const short = (bytes[1] as number) ^ maskedBit
  // With the bit unset this is above 127: RFC 6455 section 5.1, a client masks.
  if (short > 126) return malformed
  if (short === 126 && bytes.length < 4) return null
  const length = short === 126 ? bytes.readUInt16BE(2) : short
  if (length > maxBytes || (short === 126 && length < 126)) return malformed
  const maskAt = short === 126 ? 4 : 2
  const end = maskAt + 4 + length
  if (bytes.length < end) return null
  return {
    message: textOf(bytes.subarray(maskAt, maskAt + 4), bytes.subarray(maskAt + 4, end)),
    rest: bytes.subarray(end),
  }
}

function textOf(mask: Buffer, masked: Buffer): FirstMessage {
  const payload = Uint8Array.from(masked, (byte, at) => byte ^ (mask[at % 4] as number))
  try {
    return { kind: 'text', text: utf8.decode(payload) }
  } catch {
    return { kind: 'malformed' }
  }
}
