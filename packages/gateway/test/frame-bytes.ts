/**
 * Frames as bytes, whole and in pieces.
 */
import fc from 'fast-check'

export interface Shape {
  readonly opcode: number
  readonly length: number
  readonly lengthBytes: number
  readonly isMasked: boolean
  readonly isFinal: boolean
}

/** A frame with a payload of this length, its length in as many bytes as asked for, or more where they are needed. */
export function frameOf({ opcode, length, lengthBytes, isMasked, isFinal }: Shape): Buffer {
  const needed = length < 126 ? 0 : 2
  const extended = Buffer.alloc(Math.max(needed, lengthBytes))
  if (extended.length > 0) extended.writeUIntBE(length, extended.length - 2, 2)
  const spelled = new Map([
    [0, length],
    [2, 126],
    [8, 127],
  ]).get(extended.length) as number
  const head = Buffer.from([(isFinal ? 0x80 : 0) | opcode, (isMasked ? 0x80 : 0) | spelled])
  return Buffer.concat([head, extended, Buffer.alloc(isMasked ? 4 : 0, 0x88), Buffer.alloc(length, 0x88)])
}

/** Frames that close nothing. */
export const frameShapes = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 9, 10),
  length: fc.oneof(fc.nat(4), fc.constantFrom(125, 126, 127), fc.nat(300)),
  lengthBytes: fc.constantFrom(0, 2, 8),
  isMasked: fc.boolean(),
  isFinal: fc.boolean(),
})

/** The same bytes in pieces, cut at these places. */
export function inPieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((one, other) => one - other)
  return [0, ...places].map((place, at) => bytes.subarray(place, places[at] ?? bytes.length))
}
