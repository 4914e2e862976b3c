/**
 * Frames of RFC 6455 section 5.2, as far as a suite needs them: whole messages, pings and closes, right or deliberately wrong.
 * @module
 */

/** A frame. */
export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

/** What may be wrong with a frame that is sent. */
export interface FrameFlaws {
  /** Default true, as a client must (RFC 6455 section 5.1). */
  readonly masked?: boolean
  /** The length that the header announces. Default: the payload's. */
  readonly announcedLength?: number
}

/** Opcodes (RFC 6455 section 11.8); 3 is reserved. */
export const opcodes = { text: 1, binary: 2, reserved: 3, close: 8, ping: 9 } as const

// Any four bytes will do: masking protects proxies, not the suite (RFC 6455 section 10.3).
const maskingKey = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** The bytes of an unfragmented frame. */
export function encodeFrame(opcode: number, payload: Uint8Array, flaws: FrameFlaws = {}): Buffer {
  const { masked = true, announcedLength = payload.length } = flaws
  const length = encodeLength(announcedLength, masked)
  const body = masked ? Buffer.from(payload).map((byte, at) => byte ^ (maskingKey[at % 4] as number)) : payload
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, masked ? maskingKey : Buffer.alloc(0), body])
}

function encodeLength(length: number, masked: boolean): Buffer {
  const flag = masked ? 0x80 : 0
  if (length < 126) return Buffer.from([flag | length])
  const long = length > 0xffff
  const bytes = Buffer.alloc(long ? 9 : 3)
  bytes[0] = flag | (long ? 127 : 126)
  if (long) bytes.writeBigUInt64BE(BigInt(length), 1)
  else bytes.writeUInt16BE(length, 1)
  return bytes
}

/** A text message. */
export function textFrame(text: string): Buffer {
  return encodeFrame(opcodes.text, Buffer.from(text))
}

/** A close frame (RFC 6455 section 5.5.1). */
export function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return encodeFrame(opcodes.close, payload)
}

/** The code of a close frame; 1005 where it has none (RFC 6455 section 7.1.5). */
export function closeCodeOf({ payload }: Frame): number {
  return payload.length < 2 ? 1005 : payload.readUInt16BE()
}

/** The frame at the start of the bytes, masked or not, and how many it takes; null where it is not all there. */
export function decodeFrame(bytes: Buffer): { readonly frame: Frame; readonly length: number } | null {
  if (bytes.length < 2) return null
  const second = bytes[1] as number
  const short = second & 0x7f
  const keyAt = short === 127 ? 10 : short === 126 ? 4 : 2
  const start = second & 0x80 ? keyAt + 4 : keyAt
  if (bytes.length < start) return null
  const size = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < start + size) return null
  const key = bytes.subarray(keyAt, start)
  const payload = Buffer.from(bytes.subarray(start, start + size)).map((byte, at) => byte ^ (key[at % 4] ?? 0))
  return { frame: { opcode: (bytes[0] as number) & 0x0f, payload: Buffer.from(payload) }, length: start + size }
}
