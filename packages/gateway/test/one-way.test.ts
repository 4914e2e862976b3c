import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { passOn } from '../src/upstream/one-way.ts'
import { frameOf, frameShapes, inPieces } from './frame-bytes.ts'

const last = Buffer.from('last')

/** Lets streams do what they do later. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What the receiver gets of pieces where the way is stopped before one of them. */
async function heardOf(pieces: readonly Buffer[], stopBefore: number): Promise<Buffer> {
  const [from, to] = [new PassThrough(), new PassThrough()]
  const heard: Buffer[] = []
  to.on('data', (chunk: Buffer) => heard.push(chunk))
  const way = passOn(from, to, () => {})
  for (const [at, piece] of pieces.entries()) {
    if (at === stopBefore) way.stop(last)
    from.write(piece)
    await nextTurn()
  }
  return Buffer.concat(heard)
}

describe('one way of a tunnel', () => {
  it('stops behind the frame that was under way, however the bytes are cut, and ends with the last frame', async () => {
    const streams = fc.array(frameShapes, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(streams, fc.array(fc.nat(), { maxLength: 12 }), fc.nat(), async (shapes, cuts, any) => {
        const frames = shapes.map(frameOf)
        const bytes = Buffer.concat(frames)
        const pieces = inPieces(bytes, cuts)
        const stopBefore = any % pieces.length
        const before = Buffer.concat(pieces.slice(0, stopBefore)).length
        const ends = [0, ...frames.map((_, at) => Buffer.concat(frames.slice(0, at + 1)).length)]
        const boundary = ends.find((end) => end >= before)
        expect(await heardOf(pieces, stopBefore)).toEqual(Buffer.concat([bytes.subarray(0, boundary), last]))
      }),
    )
  })

  it('passes on everything where it is not stopped', async () => {
    const bytes = frameOf({ opcode: 2, length: 300, lengthBytes: 8, isMasked: true, isFinal: true })
    const single = Array.from(bytes, (byte) => Buffer.from([byte]))
    expect(await heardOf(single, -1)).toEqual(bytes)
  })
})
