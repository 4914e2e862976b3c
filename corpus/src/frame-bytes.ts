/**
 * Frames of RFC 6455 section 5.2, in every way in which they can be wrong.
 * @module
 */

/** The header of a frame, right or wrong. */
export interface FrameHeader {
  readonly opcode: number
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
  /** The length in the header. Default: the payload's. */
  readonly length?: bigint
  /** How many bytes the length takes. Default: as few as it needs. */
  readonly lengthBytes?: 0 | 2 | 8
}

const maskingKey = Buffer.from([0x12, 0x34, 0x56, 0x78])

/** The bytes of a frame. */
export function frame(header: FrameHeader, payload: string | Buffer = ''): Buffer {
  const { opcode, fin = true, rsv = 0, masked = true } = header
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  const length = header.length ?? BigInt(bytes.length)
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const body = masked ? bytes.map((byte, at) => byte ^ (maskingKey[at % 4] as number)) : bytes
  const mask = masked ? maskingKey : Buffer.alloc(0)
  return Buffer.concat([Buffer.from([first]), lengthOf(length, masked, header.lengthBytes), mask, body])
}

function lengthOf(length: bigint, masked: boolean, wanted?: 0 | 2 | 8): Buffer {
  const flag = masked ? 0x80 : 0
  const size = wanted ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8)
  if (size === 0) return Buffer.from([flag | Number(length)])
  const bytes = Buffer.alloc(1 + size)
  bytes[0] = flag | (size === 2 ? 126 : 127)
  if (size === 2) bytes.writeUInt16BE(Number(length), 1)
  else bytes.writeBigUInt64BE(length, 1)
  return bytes
}
