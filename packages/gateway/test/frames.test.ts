import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeFrame, createFrameFollower, maskedCloseFrame } from '../src/upstream/frames.ts'
import { frameOf, frameShapes, inPieces } from './frame-bytes.ts'

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
      fc.property(fc.array(frameShapes, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 40 }), (all, cuts) => {
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
