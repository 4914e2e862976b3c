/**
 * A line to a WebSocket server, which passes on every byte, and writes down every frame.
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { closeCodeOf, decodeFrame, type Frame, opcodes } from '../../src/testing/websocket-frame.ts'

/** What has passed over it, frame by frame: the opcode and the payload, or the close code and the reason. */
export interface Wire {
  readonly port: number
  readonly toServer: readonly string[]
  readonly toClient: readonly string[]
  stop(): void
}

/** Opens one to a port of this machine. */
export async function openWire(to: number): Promise<Wire> {
  const toServer: string[] = []
  const toClient: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1')
    for (const [from, into, frames] of [
      [client, upstream, toServer],
      [upstream, client, toClient],
    ] as const) {
      sockets.add(from)
      from.on('error', () => into.destroy())
      from.on('data', createReader(frames))
      from.pipe(into)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    toServer,
    toClient,
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Reads one direction of a connection: the head of the handshake, then frames. */
function createReader(frames: string[]): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let isOpen = false
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    if (!isOpen) {
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) return
      isOpen = true
      rest = rest.subarray(end + 4)
    }
    for (let next = decodeFrame(rest); next !== null; next = decodeFrame(rest)) {
      frames.push(textOf(next.frame))
      rest = rest.subarray(next.length)
    }
  }
}

function textOf(frame: Frame): string {
  const { opcode, payload } = frame
  if (opcode === opcodes.close) return `close ${closeCodeOf(frame)} ${payload.toString('utf8', 2)}`
  return `${opcode} ${payload.toString()}`
}
