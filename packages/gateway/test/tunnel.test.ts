import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type SessionConnection, sessionEndings } from 'wsticket'
import { closeFrame } from '../src/upstream/frames.ts'
import { tunnel } from '../src/upstream/tunnel.ts'

const { session_expired: expired, session_revoked: revoked } = sessionEndings
const text = Buffer.from([0x81, 2, 104, 105])
const goodbye = closeFrame(expired)

interface Ends {
  readonly client: Far
  readonly upstream: Far
  readonly session: SessionConnection
  /** Resolves when the tunnel says that it is closed. */
  readonly closed: Promise<void>
}

/** Two connections, joined in the middle: what is said at one end is heard at the other. */
async function joinEnds({ lingerMs = 60_000, closeDeadlineMs = 60_000 } = {}): Promise<Ends> {
  const [one, other] = [await connection(), await connection()]
  let onClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve
  })
  const session = tunnel(one.near, other.near, { lingerMs, closeDeadlineMs, onClosed })
  const isClosed = closed.then(() => {
    expect([one.near.destroyed, other.near.destroyed]).toEqual([true, true])
  })
  return { client: one.far, upstream: other.far, session, closed: isClosed }
}

/** One end of a tunnel, as its peer has it. It may end its own direction alone. */
interface Far {
  readonly socket: Socket
  /** Resolves once exactly these bytes have come; fails where others have. */
  hears(bytes: Uint8Array): Promise<void>
  /** Resolves when the other side has ended. */
  readonly ended: Promise<void>
}

async function connection(): Promise<{ readonly near: Socket; readonly far: Far }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [near] = (await once(server, 'connection')) as [Socket]
  server.close()
  for (const each of [near, socket]) each.on('error', () => {})
  onTestFinished(() => {
    near.destroy()
    socket.destroy()
  })
  return { near, far: farEnd(socket) }
}

function farEnd(socket: Socket): Far {
  let heard = Buffer.alloc(0)
  const look = new Set<() => void>()
  socket.on('data', (chunk) => {
    heard = Buffer.concat([heard, chunk])
    for (const each of look) each()
  })
  return {
    socket,
    ended: new Promise((resolve) => socket.once('end', () => resolve())),
    async hears(bytes) {
      await new Promise<void>((resolve) => {
        const check = () => {
          if (heard.length < bytes.length) return
          look.delete(check)
          resolve()
        }
        look.add(check)
        check()
      })
      expect(heard).toEqual(Buffer.from(bytes))
      heard = Buffer.alloc(0)
    },
  }
}

/** The code of a masked close frame. */
function closeCodeOf(frame: Buffer): number {
  return frame.readUInt16BE(6) ^ frame.readUInt16BE(2)
}

describe('a tunnel', () => {
  it('lets one side finish what it has to say after the other has ended', async () => {
    const { client, upstream, closed } = await joinEnds()
    client.socket.end('goodbye')
    await upstream.hears(Buffer.from('goodbye'))
    await upstream.ended
    upstream.socket.end('farewell')
    await client.hears(Buffer.from('farewell'))
    await closed
  })

  it('does not wait longer than it should for a side that says nothing more, and does not end', async () => {
    const { client, closed } = await joinEnds({ lingerMs: 50 })
    client.socket.end()
    await closed
  })

  it('waits for nobody once a side has failed', async () => {
    const { client, upstream, closed } = await joinEnds()
    client.socket.resetAndDestroy()
    await Promise.all([closed, once(upstream.socket, 'end')])
  })

  it('is cut at once where it is destroyed', async () => {
    const { session, closed } = await joinEnds()
    session.destroy()
    await closed
  })
})

describe('a tunnel whose session is closed', () => {
  it('says so to both sides, and is closed once both have answered', async () => {
    const { client, upstream, session, closed } = await joinEnds()
    const toUpstream = once(upstream.socket, 'data')
    session.close(expired)
    await client.hears(goodbye)
    const [frame] = (await toUpstream) as [Buffer]
    expect([frame[0], closeCodeOf(frame)]).toEqual([0x88, 1001])
    client.socket.write(Buffer.from([0x88, 0x80, 1, 2, 3, 4]))
    upstream.socket.write(Buffer.from([0x88, 0]))
    await Promise.all([client.ended, upstream.ended])
    client.socket.end()
    upstream.socket.end()
    await closed
  })

  it('says it once, though it is closed twice', async () => {
    const { client, upstream, session } = await joinEnds()
    upstream.socket.write(text.subarray(0, 3))
    await client.hears(text.subarray(0, 3))
    session.close(expired)
    session.close(revoked)
    upstream.socket.write(text.subarray(3))
    await client.hears(Buffer.concat([text.subarray(3), goodbye]))
  })

  it('lets the frame that is under way finish, and nothing behind it', async () => {
    const { client, upstream, session } = await joinEnds()
    upstream.socket.write(text.subarray(0, 3))
    await client.hears(text.subarray(0, 3))
    session.close(expired)
    upstream.socket.write(Buffer.concat([text.subarray(3), text, text]))
    await client.hears(Buffer.concat([text.subarray(3), goodbye]))
    upstream.socket.write(text)
    upstream.socket.end()
    client.socket.end(Buffer.from([0x88, 0x80, 1, 2, 3, 4]))
    await client.ended
    await client.hears(Buffer.alloc(0))
  })

  it('puts its frame between the fragments of a message', async () => {
    const { client, upstream, session } = await joinEnds()
    const fragment = Buffer.from([0x01, 1, 104])
    upstream.socket.write(fragment)
    await client.hears(fragment)
    session.close(expired)
    upstream.socket.write(Buffer.from([0x80, 1, 105]))
    await client.hears(goodbye)
  })

  it('adds no frame where the upstream has closed already, or is about to', async () => {
    for (const sent of [4, 2]) {
      const { client, upstream, session, closed } = await joinEnds()
      const own = closeFrame({ closeCode: 4000, publicCode: '' })
      upstream.socket.write(own.subarray(0, sent))
      await client.hears(own.subarray(0, sent))
      session.close(expired)
      upstream.socket.end(own.subarray(sent))
      client.socket.end(Buffer.from([0x88, 0x80, 1, 2, 3, 4]))
      await client.ended
      await client.hears(own.subarray(sent))
      await closed
    }
  })

  it('tells the upstream nothing more where the client has closed already', async () => {
    const { client, upstream, session, closed } = await joinEnds()
    const own = Buffer.from([0x88, 0x80, 1, 2, 3, 4])
    client.socket.write(own)
    await upstream.hears(own)
    session.close(expired)
    client.socket.end()
    upstream.socket.end(Buffer.from([0x88, 0]))
    await Promise.all([upstream.ended, client.ended, closed])
    await upstream.hears(Buffer.alloc(0))
  })

  it('is cut at its deadline where a frame never ends', async () => {
    const { client, upstream, session, closed } = await joinEnds({ closeDeadlineMs: 100 })
    const endless = Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]), Buffer.alloc(1000)])
    upstream.socket.write(endless)
    await client.hears(endless)
    session.close(expired)
    await closed
  })

  it('is cut at its deadline where the client reads nothing, and had much to read', async () => {
    const { client, upstream, session, closed } = await joinEnds({ closeDeadlineMs: 100 })
    client.socket.pause()
    const frame = Buffer.alloc(4 + 65_000)
    frame.set([0x82, 126, 65_000 >> 8, 65_000 & 0xff])
    for (let sent = 0; sent < 400; sent += 1) upstream.socket.write(frame)
    await new Promise((resolve) => setTimeout(resolve, 100))
    session.close(expired)
    await closed
  })
})
