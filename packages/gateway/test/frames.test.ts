import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeFrame, createFrameFollower, maskedCloseFrame } from '../src/upstream/frames.ts'

/** A frame with a payload of this length, its length in as many bytes as asked for, or more where they are needed. */
function frameOf({ opcode, length, lengthBytes, isMasked, isFinal }: Shape): Buffer {
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

interface Shape {
  readonly opcode: number
  readonly length: number
  readonly lengthBytes: number
  readonly isMasked: boolean
  readonly isFinal: boolean
}

const shapes = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 9, 10),
  length: fc.oneof(fc.nat(4), fc.constantFrom(125, 126, 127), fc.nat(300)),
  lengthBytes: fc.constantFrom(0, 2, 8),
  isMasked: fc.boolean(),
  isFinal: fc.boolean(),
})

/** The same bytes in pieces, cut at these places. */
function inPieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((one, other) => one - other)
  return [0, ...places].map((place, at) => bytes.subarray(place, places[at] ?? bytes.length))
}

/** Where frames end, from the beginning of all bytes. */
function boundariesOf(pieces: readonly Buffer[]): number[] {
  const frames = createFrameFollower()
  const found: number[] = []
  let before = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      at = frames.next(piece, at)
      if (frames.isAtBoundary) found.push(before + at)
    }
    before += piece.length
  }
  return found
}

describe('a follower of frames', () => {
  it('finds where each frame ends, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(shapes, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 40 }), (all, cuts) => {
        const frames = all.map(frameOf)
        const ends = frames.map((_, at) => Buffer.concat(frames.slice(0, at + 1)).length)
        expect(boundariesOf(inPieces(Buffer.concat(frames), cuts))).toEqual(ends)
      }),
    )
  })

  it('finds them where every byte comes alone', () => {
    const lengths = [0, 1, 125, 126, 300]
    const all = lengths.flatMap((length) =>
      [0, 2, 8].flatMap((lengthBytes) =>
        [true, false].map((isMasked) => frameOf({ opcode: 2, length, lengthBytes, isMasked, isFinal: true })),
      ),
    )
    const bytes = Buffer.concat(all)
    const single = Array.from(bytes, (byte) => Buffer.from([byte]))
    expect(boundariesOf(single)).toEqual(boundariesOf([bytes]))
    expect(boundariesOf(single)).toHaveLength(all.length)
  })

  it('is in the middle of a frame that says it is longer than anything', () => {
    const frames = createFrameFollower()
    frames.follow(Buffer.from([0x82, 127, ...Array.from({ length: 8 }, () => 0xff)]))
    frames.follow(Buffer.alloc(100_000))
    expect([frames.isAtBoundary, frames.hasClosed]).toEqual([false, false])
  })

  it('takes a close frame for one wherever it stands, and no payload that looks like one', () => {
    const fragment = frameOf({ opcode: 1, length: 200, lengthBytes: 0, isMasked: true, isFinal: false })
    for (const close of [closeFrame, maskedCloseFrame]) {
      const frames = createFrameFollower()
      frames.follow(fragment)
      expect([frames.isAtBoundary, frames.hasClosed]).toEqual([true, false])
      frames.follow(close({ closeCode: 1012, publicCode: 'restarting' }))
      expect([frames.isAtBoundary, frames.hasClosed]).toEqual([true, true])
    }
  })
})

describe('a close frame', () => {
  it('has the code and the reason, as a server sends it', () => {
    expect(closeFrame({ closeCode: 1012, publicCode: 'bye' })).toEqual(Buffer.from([0x88, 5, 0x03, 0xf4, 98, 121, 101]))
  })

  it('has the same behind a mask of its own, as a client sends it', () => {
    const closing = { closeCode: 1001, publicCode: 'bye' }
    const [one, other] = [maskedCloseFrame(closing), maskedCloseFrame(closing)]
    expect([...one.subarray(0, 2)]).toEqual([0x88, 0x85])
    expect(one.subarray(2, 6)).not.toEqual(other.subarray(2, 6))
    const unmasked = one.subarray(6).map((byte, at) => byte ^ (one[2 + (at % 4)] as number))
    expect(unmasked).toEqual(Buffer.from([0x03, 0xe9, 98, 121, 101]))
  })
})
