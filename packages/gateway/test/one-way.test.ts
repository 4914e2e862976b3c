import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { passOn } from '../src/upstream/one-way.ts'
import { frameOf, frameShapes, inPieces } from './frame-bytes.ts'

const last = Buffer.from('last')
const mebibyte = 2 ** 20
/** The others have their turn after 64 KiB, and the piece that reaches them may be as large. */
const mostPassedInATurn = 2 * 65_536

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

/** Two ends of a TCP connection. */
async function connection(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[far]] = await Promise.all([once(server, 'connection'), once(near, 'connect')])
  server.close()
  return [near, far as Socket]
}

/** A megabyte as a TCP connection brings it: as much as there is, up to 64 KiB at once. */
async function overTcp(): Promise<Duplex> {
  const [sender, from] = await connection()
  sender.end(Buffer.alloc(mebibyte))
  return from
}

/** A megabyte as TLS brings it: all that has arrived, in pieces of 16 KiB. */
async function inRecords(): Promise<Duplex> {
  const from = new Duplex({ read() {}, write() {} })
  for (let pieces = 0; pieces < 64; pieces += 1) from.push(Buffer.alloc(mebibyte / 64))
  from.push(null)
  return from
}

/** How many bytes of a megabyte are passed on in each turn of the event loop, to who says at once, or a moment later, that it took each. */
async function bytesByTurn(from: Duplex, isTaken: (taken: () => void) => void): Promise<readonly number[]> {
  const turns = [0]
  const to = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, taken) {
      turns[turns.length - 1] = (turns.at(-1) ?? 0) + chunk.length
      isTaken(taken)
    },
  })
  passOn(from, to, () => {})
  const ended = once(to, 'finish')
  const turn = () => {
    if (to.writableFinished) return
    turns.push(0)
    setImmediate(turn)
  }
  turn()
  await ended
  return turns
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

  it.each([
    ['over TCP', 'at once', overTcp, (taken: () => void) => taken()],
    ['over TCP', 'a moment later', overTcp, process.nextTick],
    ['in records', 'at once', inRecords, (taken: () => void) => taken()],
    ['in records', 'a moment later', inRecords, process.nextTick],
  ] as const)(
    'leaves their turn to others where a megabyte has arrived %s that is taken %s, and passes on all of it',
    async (_, _taken, arrive, isTaken) => {
      const turns = await bytesByTurn(await arrive(), isTaken)
      expect(turns.reduce((sum, bytes) => sum + bytes)).toBe(mebibyte)
      expect(Math.max(...turns)).toBeLessThan(mostPassedInATurn)
    },
  )

  it('waits for who receives, however many turns pass', async () => {
    const heard: Buffer[] = []
    const waiting: (() => void)[] = []
    const to = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, taken) {
        heard.push(chunk)
        waiting.push(taken)
      },
    })
    const from = await overTcp()
    passOn(from, to, () => {})
    while (!from.isPaused()) await nextTurn()
    for (let turns = 0; turns < 20; turns += 1) await nextTurn()
    expect(heard.length).toBe(1)
    expect(to.writableLength).toBeLessThan(mostPassedInATurn)
    expect(from.isPaused()).toBe(true)
    const ended = once(to, 'finish')
    const taking = setInterval(() => waiting.shift()?.())
    await ended
    clearInterval(taking)
    expect(Buffer.concat(heard).length).toBe(mebibyte)
  })

  it('waits for who receives also where little comes in each turn', async () => {
    const [from, to] = [new PassThrough(), new Duplex({ read() {}, write() {}, highWaterMark: 16_384 })]
    passOn(from, to, () => {})
    for (let turns = 0; turns < 20; turns += 1) {
      from.write(Buffer.alloc(8192))
      await nextTurn()
    }
    expect(to.writableLength).toBe(16_384)
    expect(from.isPaused()).toBe(true)
  })

  it('passes on everything where it is not stopped', async () => {
    const bytes = frameOf({ opcode: 2, length: 300, lengthBytes: 8, isMasked: true, isFinal: true })
    const single = Array.from(bytes, (byte) => Buffer.from([byte]))
    expect(await heardOf(single, -1)).toEqual(bytes)
  })
})
